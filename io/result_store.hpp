// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/attributes.hpp"
#include "engine/fit/fit_result.hpp"
#include "engine/resample/replicate_rows.hpp"

/// Result files: one fit, and the replicates of a job. `io/FORMAT.md` describes them object
/// by object.
///
/// While a job runs its file lies in OUT.h5.parts/; OUT.h5 appears when all is there, by a
/// rename, so that whoever finds an OUT.h5 has a finished one.
namespace merit {

inline constexpr std::int64_t kResultFormatVersion = 1;

/// Everything that the numbers in a result file are a pure function of: digest, formula,
/// options, seed, … Nothing about where and when it ran.
using JobDescription = Attributes;

/// One entry in which two jobs differ, as text for a message; empty if one lacks it.
struct JobDifference {
  std::string field;
  std::string stored;
  std::string given;
};

/// Entries that differ, in the order of `given`, then what only `stored` has.
std::vector<JobDifference> differences(const JobDescription& stored,
                                       const JobDescription& given);

/// The fit to the data as they are, and what it was made from.
struct StoredFit {
  std::vector<std::string> terms;  ///< p, names of the coefficients
  FitResult fit;
  std::int64_t num_obs = 0;                 ///< rows used
  std::int64_t rows_read = 0;               ///< all rows of the table
  std::int64_t rows_excluded_by_where = 0;  ///< `--where` false or missing
  std::vector<std::pair<std::string, std::int64_t>> rows_dropped;  ///< per column
  std::string group;                                               ///< grouping column
  std::vector<std::string> group_level;                            ///< J
  std::vector<std::int64_t> group_size;                            ///< J, rows
  GroupModes modes;                                                ///< J each
};

/// Shape of the replicates. Blocks are the unit of writing; part of the job, not of the
/// schedule.
struct ReplicatePlan {
  std::int64_t num_replicates = 0;  ///< R ≥ 1
  std::int64_t block_rows = 1;      ///< replicates per block; the last may be short
  bool keep_std_errors = false;     ///< `--keep all`

  std::int64_t num_blocks() const {
    return (num_replicates + block_rows - 1) / block_rows;
  }
};

struct ResultContents {
  std::string command;  ///< "fit", "bootstrap"
  JobDescription job;
  StoredFit fit;
  std::optional<ReplicatePlan> replicates;  ///< none: `merit fit --output`
  Attributes provenance;                    ///< what is known at the start
};

/// Names of the estimate columns: the terms, sd__(Intercept) and, where the model has one,
/// sd__Observation.
std::vector<std::string> estimate_columns(const StoredFit& fit);

/// Bytes on disk of such a result, within some kB; for checks before a job starts.
std::int64_t expected_bytes(const ResultContents& contents);

/// Checks that `path` can become a job's output, before any work is done.
/// @throws UsageError if it exists, finished or in parts, and `overwrite` is false
/// @throws IoError if its directory is missing or may not be written, or another job that
///         runs writes it
void check_output(const std::string& path, bool overwrite);

/// Writes one result file.
///
/// The constructor has HDF5 lay out the whole file (all metadata, room for every row), closes
/// it, and reserves its space on the disk. Rows then go to their places by pwrite(2): no
/// metadata changes while the job runs, so a process that is killed leaves a sound file, a
/// full disk is told at the start, and later errors carry the operating system's reason.
///
/// Each block's rows are written before its mark in /replicates/committed; readers trust
/// marked blocks alone. "Written" survives a killed process; sync() also a lost machine.
class ResultWriter {
 public:
  /// @throws as check_output; IoError naming file and reason, e.g. for want of space (then
  /// nothing is left behind)
  ResultWriter(std::string path, const ResultContents& contents, bool overwrite);
  ResultWriter(ResultWriter&&) noexcept;
  ResultWriter& operator=(ResultWriter&&) noexcept;
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;
  /// An unfinished file stays in OUT.h5.parts/ with its committed blocks.
  ~ResultWriter();

  /// Writes and commits the replicates [first, first + rows.count): one whole block. Any
  /// order of blocks. May be called by several threads for different blocks.
  /// @throws IoError  @throws std::logic_error if the rows are not one block of the plan
  void write_block(std::int64_t first, const ReplicateRows& rows);

  /// Hands everything written so far to the disk. @throws IoError
  void sync();

  /// Adds `provenance` (what is known at the end), marks the file complete and gives it its
  /// name. @throws IoError  @throws std::logic_error if a block is missing
  void finish(const Attributes& provenance);

  /// The file being written: "OUT.h5.parts/rank0.h5".
  const std::string& part_path() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A result file, finished or in parts, open for reading.
class ResultFile {
 public:
  const std::string& path() const;  ///< of the file that is read
  const std::string& command() const;
  bool complete() const;              ///< false: a job that runs or was stopped
  const JobDescription& job() const;  ///< in byte order of names
  const StoredFit& fit() const;
  const Attributes& provenance() const;  ///< in byte order of names

  /// Nothing for a result of `merit fit`.
  const std::optional<ReplicatePlan>& replicates() const;
  const std::vector<std::string>& columns() const;  ///< of the estimates; empty for a fit

  /// Calls use(first replicate, rows of estimates, statuses) for every committed block, in
  /// order. Memory: some MB. @throws IoError
  void for_each_block(
      const std::function<void(std::int64_t first,
                               std::span<const double> estimates,
                               std::span<const std::uint8_t> status)>& use) const;

  /// Replicates in committed blocks; rows below are these, in order of replicate number.
  std::int64_t num_committed() const;
  std::vector<std::uint8_t> statuses() const;  ///< ReplicateStatus. @throws IoError
  /// One estimate column, failed rows (NaN) included. @throws IoError
  std::vector<double> estimate_column(std::size_t column) const;
  /// Several columns in one pass over the file. @throws IoError
  std::vector<std::vector<double>> estimate_columns(
      std::span<const std::size_t> columns) const;
  /// The same of the standard errors (p columns; empty results unless they were kept).
  std::vector<std::vector<double>> std_error_columns(
      std::span<const std::size_t> columns) const;
  std::vector<double> log_likelihoods() const;  ///< @throws IoError

  ResultFile(ResultFile&&) noexcept;
  ResultFile& operator=(ResultFile&&) noexcept;
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;
  ~ResultFile();

 private:
  friend ResultFile open_result(const std::string& path);
  ResultFile();
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether OUT.h5, or what there is of it in OUT.h5.parts/, says that it is a merit-result.
bool is_result_file(const std::string& path);

/// Opens OUT.h5, or what there is of it in OUT.h5.parts/; also a part by its own path.
/// @throws InputError if there is neither, or it is not HDF5
/// @throws IoError if it is no merit-result, of a newer format, damaged or in use
ResultFile open_result(const std::string& path);

}  // namespace merit
