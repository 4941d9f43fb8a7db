// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/result_store.hpp"

// Shared by io/result_*.cpp and io/checkpoint.cpp only.

namespace merit {

/// What rows are called in the file, by their kind.
struct RowNames {
  const char* group;   ///< "replicates", "draws"
  const char* values;  ///< "estimate", "value"
  const char* count;   ///< "num_replicates", "num_draws"
};
RowNames row_names(RowKind kind);

/// Names of status codes: how a replicate ended; whether a draw is a new one.
std::vector<std::string> status_codes(RowKind kind);

/// Where the rows of a dataset lie in the file.
struct Place {
  std::int64_t offset = 0;
  std::int64_t row_bytes = 0;

  std::int64_t row(std::int64_t index) const { return offset + index * row_bytes; }
};

/// Of the replicates of a file; row 0 is the first that the file holds.
struct ReplicatePlaces {
  Place estimate;
  std::optional<Place> std_error;
  std::optional<Place> inner_share;
  Place log_likelihood;
  Place status;
  Place committed;  ///< per block
  Place checksum;   ///< per block
};

/// Of the list of sessions: one row each, a dataset per column.
struct SessionPlaces {
  Place started, finished, host, batch_job, ranks, threads, replicates, seconds;
};

struct ResultPlaces {
  std::optional<ReplicatePlaces> replicates;
  SessionPlaces sessions;
};

/// Sessions that a file has room for; the last row is used again by those beyond.
inline constexpr std::int64_t kMostSessions = 64;

/// Writes everything but rows into an empty HDF5 file: all metadata, and room for every row
/// and mark. HDF5 writes to the file here and never again. @throws IoError
void lay_out_result(const std::string& path, const ResultContents& contents);

/// Where the rows lie in a file that was laid out, by whatever version. @throws IoError
ResultPlaces find_places(const std::string& path);

}  // namespace merit
