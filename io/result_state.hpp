// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "io/result_store.hpp"

namespace merit {

/// What a result file holds: everything but its rows, and the ways to them.
struct ResultFile::State {
  explicit State(const std::string& path)
      : file(hdf5::File::open(path, hdf5::Access::read)) {}

  /// All but rows: of a damaged file HDF5's library may crash.
  void read_metadata();
  /// Which blocks count. After read_metadata.
  void read_marks();
  template <class T>
  std::vector<T> read_values(const hdf5::Dataset& dataset) const;
  std::vector<std::vector<double>> gather(const hdf5::Dataset& dataset,
                                          std::span<const std::size_t> wanted) const;

  hdf5::File file;
  std::string command;
  JobDescription job;
  StoredFit fit;
  std::optional<std::string> study;
  std::vector<StoredTable> tables;
  Attributes provenance;
  std::vector<Session> sessions;
  std::optional<StoredPosterior> posterior;
  std::optional<ReplicatePlan> plan;
  std::vector<std::string> columns;
  std::vector<std::string> inner_quantities;
  std::vector<StudentisedQuantity> studentised_quantities;
  std::vector<std::uint8_t> marks;
  std::vector<bool> committed;   ///< per block of the file
  std::vector<BlockRange> runs;  ///< committed rows of the file
  std::int64_t num_committed = 0;
  hdf5::Dataset estimate;
  std::optional<hdf5::Dataset> std_error;
  std::optional<hdf5::Dataset> inner_share;
  hdf5::Dataset log_likelihood;
  hdf5::Dataset status;
  std::vector<std::uint64_t> checksum;

  BlockRange rows_in_file(std::int64_t index) const;
  ReplicateRows read_block(std::int64_t index) const;
  bool is_sound(std::int64_t index) const;

 private:
  void read_provenance(const hdf5::Group& group);
  void read_replicates(const hdf5::Group& group, RowKind kind);
  void read_std_errors(const hdf5::Group& group, ReplicatePlan& shape);
};

template <class T>
std::vector<T> ResultFile::State::read_values(const hdf5::Dataset& dataset) const {
  std::vector<T> out(static_cast<std::size_t>(num_committed));
  std::span<T> rest(out);
  for (const BlockRange& run : runs) {
    const auto count = static_cast<std::size_t>(run.count);
    dataset.read_rows<T>(run.first, run.count, rest.first(count));
    rest = rest.subspan(count);
  }
  return out;
}

}  // namespace merit
