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
#include "engine/bytes.hpp"
#include "engine/fit/fit_result.hpp"
#include "engine/inference/coefficient_inference.hpp"
#include "engine/inference/profile_interval.hpp"
#include "engine/resample/delete_one.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/run/block_range.hpp"
#include "io/stored_table.hpp"

/// Result files: one fit, and the replicates of a job. `io/FORMAT.md` describes them object
/// by object.
///
/// While a job runs its file lies in OUT.h5.parts/; OUT.h5 appears when all is there, by a
/// rename, so that whoever finds an OUT.h5 has a finished one.
namespace merit {

inline constexpr std::int64_t kResultFormatVersion = 2;

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
  std::vector<std::string> group_stratum = {};  ///< J, `--strata`; or empty
  GroupModes modes;                             ///< J each
  /// As `merit fit` was asked to test; none: normal_inference(fit).
  std::optional<CoefficientInference> inference = {};
  std::vector<TestResult> tests = {};
  /// `--ci profile`: the coefficients, sd__(Intercept), sd__Observation; else empty.
  std::vector<ProfiledParameter> profile = {};
  double profile_level = 0.95;
  std::optional<DeleteOneFits> delete_one = {};  ///< `merit bootstrap --intervals bca`
};

/// Far beyond any use: a shard is a job of its own.
inline constexpr std::int64_t kMostShards = 1'000'000;

/// `--shard index/count`: one of `count` parts of a job's blocks, as even as can be, in order.
struct Shard {
  std::int64_t index = 1;  ///< 1 … count
  std::int64_t count = 1;
  bool operator==(const Shard&) const = default;
};

/// What the rows of a file are: bootstrap replicates, or draws from a posterior.
enum class RowKind { replicates, draws };

/// Shape of the replicates (or draws). Blocks are the unit of writing; part of the job, not of the
/// schedule. A file holds the blocks of one shard, which is all of them unless it says so.
struct ReplicatePlan {
  std::int64_t num_replicates = 0;        ///< R ≥ 1, of the whole job
  std::int64_t block_rows = 1;            ///< replicates per block; the last may be short
  bool keep_std_errors = false;           ///< `--keep all`
  bool keep_sd_errors = false;            ///< these of τ̂ and σ̂ too
  bool keep_inner_shares = false;         ///< a double bootstrap
  std::int64_t num_inner_quantities = 0;  ///< of these, behind those of the estimates
  /// Standard errors of functions of the parameters, behind those of the estimates.
  std::int64_t num_quantity_errors = 0;
  Shard shard = {};  ///< what this file holds

  RowKind kind = RowKind::replicates;
  std::int64_t num_chains = 0;  ///< draws: R / num_chains draws each, chain by chain

  /// Of the whole job. (Written so that a block_rows near 2⁶³ cannot overflow.)
  std::int64_t num_blocks() const { return (num_replicates - 1) / block_rows + 1; }
  BlockRange blocks() const;                                      ///< in this file
  BlockRange rows(BlockRange blocks) const;                       ///< their replicates
  std::int64_t num_rows() const { return rows(blocks()).count; }  ///< in this file
};

/// Functions of the parameters that are studentised: of the data as they are, and in a column of
/// the replicates' standard errors.
struct StudentisedQuantity {
  std::string text;
  double std_error = 0.0;  ///< of the data as they are; NaN: there is none
};

/// What else a posterior is a function of, and how it was drawn from.
struct StoredPosterior {
  std::vector<std::pair<std::string, std::string>> priors =
      {};                                 ///< parameter, distribution
  Attributes sampler = {};                ///< which one, and why
  std::vector<std::string> columns = {};  ///< of the draws
  /// `--loo`: of units left out, one table each; there once all draws are.
  std::vector<StoredTable> loo = {};
  /// `--ppc`: posterior predictive checks, likewise.
  std::vector<StoredTable> ppc = {};
  /// `--save-groups summary`: likewise, of the group intercepts.
  std::vector<StoredTable> summary = {};
};

/// One run of the program that worked on a file.
struct Session {
  std::string started = {};  ///< ISO 8601
  std::string finished =
      {};                 ///< the same; of a session that was killed, its last checkpoint
  std::string host = {};  ///< of rank 0
  std::string batch_job =
      {};  ///< "slurm 4711", and which restart; empty without a scheduler
  std::int64_t ranks = 1;
  std::int64_t threads = 1;     ///< on all ranks
  std::int64_t replicates = 0;  ///< made and on disk
  double seconds = 0.0;
};

struct ResultContents {
  std::string command;  ///< "fit", "bootstrap", "simulate", "sensitivity"
  JobDescription job;
  StoredFit fit;                                  ///< of a study the terms alone
  std::optional<ReplicatePlan> replicates;        ///< none: `merit fit --output`
  Attributes provenance;                          ///< what is known at the start
  std::optional<StoredPosterior> posterior = {};  ///< `merit sample`
  std::vector<Session> earlier_sessions =
      {};                ///< of the files that this one is made from
  Session session = {};  ///< so far; the writer fills in the rest
  /// The text of a study's file; its result has no fit.
  std::optional<std::string> study = {};
  std::vector<StoredTable> tables = {};  ///< with a study: what else it has found
  /// After a double bootstrap: functions of the parameters that it has looked at, too.
  std::vector<std::string> inner_quantities = {};
  /// Bootstraps that keep standard errors of functions of the parameters.
  std::vector<StudentisedQuantity> studentised_quantities = {};
};

/// Names of the estimate columns: the terms, sd__(Intercept) and, where the model has one,
/// sd__Observation. Of a job that compares the fit with a nested model (it has a test of kind
/// `null`): LRT.
std::vector<std::string> estimate_columns(const StoredFit& fit);

/// Bytes on disk of such a result, within some kB; for checks before a job starts.
std::int64_t expected_bytes(const ResultContents& contents);

/// Checks that `path` can become a job's output, before any work is done.
/// @throws UsageError if it exists, finished or in parts, and `overwrite` is false
/// @throws IoError if its directory is missing or may not be written, or another job that
///         runs writes it
void check_output(const std::string& path, bool overwrite);

/// The same for `--resume`, which accepts what exists. @throws IoError as check_output
void check_resumable(const std::string& path);

/// Removes what a job that was killed just after its end has left beside its finished file.
void remove_leftover_parts(const std::string& path);

/// Writes one result file, so that nothing complete is lost whatever happens to the process
/// or the machine. How, and why that is enough, stands in io/checkpoint.hpp.
///
/// The file is laid out completely before the first row is written, and its room is reserved
/// on the disk: a full disk is told at the start.
class ResultWriter {
 public:
  /// Starts a new file. @throws as check_output; IoError naming file and reason, e.g. for want
  /// of space (then nothing is left behind)
  ResultWriter(std::string path, const ResultContents& contents, bool overwrite);

  /// Goes on with what a job with the same description has left in OUT.h5.parts/, or starts a
  /// new file if there is nothing. A part that HDF5 cannot read is set aside.
  /// @throws IoError as above, or if another job's part is there (see find_stored)
  static ResultWriter resume(std::string path, const ResultContents& contents);

  ResultWriter(ResultWriter&&) noexcept;
  ResultWriter& operator=(ResultWriter&&) noexcept;
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;
  /// An unfinished file stays in OUT.h5.parts/ with its committed blocks.
  ~ResultWriter();

  /// Whether a block (of the whole job's) is stored.
  bool has_block(std::int64_t block) const;
  std::int64_t num_replicates() const;  ///< stored

  /// Writes and commits the replicates [first, first + rows.count): one whole block. Any
  /// order of blocks. May be called by several threads for different blocks.
  /// @throws IoError  @throws std::logic_error if the rows are not one block of the plan
  void write_block(std::int64_t first, const ReplicateBytes& rows);
  void write_block(std::int64_t first, const ReplicateRows& rows) {
    write_block(first, bytes_of(rows));
  }

  /// What another process of this machine needs to write blocks itself (SharedPart::open).
  /// @throws IoError
  Bytes access() const;

  /// That the block from this replicate on was written so. Thread-safe. @throws IoError, also
  /// what the background met since the last call
  void note_block(std::int64_t first);

  /// Makes all that was written durable. Also done in the background every few seconds.
  /// @throws IoError
  void sync();

  /// Makes room for more replicates: a job that turns out to need them. Its file becomes the one
  /// that was laid out for all of them at once, with the replicates that are there.
  /// @param contents  the same but for the plan's num_replicates; the last block is whole
  /// @throws IoError  @throws std::logic_error if a block is missing
  void extend(const ResultContents& contents);

  /// Writes the description anew, with what is known once all blocks are there: the file becomes
  /// the one that was laid out with it. @throws IoError  @throws std::logic_error as extend
  void describe(const ResultContents& contents);

  /// Seconds since everything written until then was durable; nothing before the first time.
  std::optional<double> checkpoint_age() const;

  /// Makes everything durable and gives the file its name.
  /// @throws IoError  @throws std::logic_error if a block is missing
  void finish();

  /// The file being written: "OUT.h5.parts/rank0.h5".
  const std::string& part_path() const;

 private:
  struct State;
  explicit ResultWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A result file, finished or in parts, open for reading.
class ResultFile {
 public:
  const std::string& path() const;  ///< of the file that is read
  const std::string& command() const;
  bool complete()
      const;  ///< all its blocks are there; false: a job that runs or was stopped
  const JobDescription& job() const;  ///< in byte order of names
  const StoredFit& fit() const;
  const std::optional<std::string>& study() const;  ///< text of the study file
  const std::vector<StoredTable>& tables() const;   ///< beside it
  const Attributes& provenance() const;             ///< in byte order of names
  const std::vector<Session>& sessions() const;
  const std::optional<StoredPosterior>& posterior() const;  ///< after `merit sample`

  /// Nothing for a result of `merit fit`.
  const std::optional<ReplicatePlan>& replicates() const;
  Shard shard() const;                              ///< 1/1: the whole job
  const std::vector<std::string>& columns() const;  ///< of the estimates; empty for a fit

  /// Functions of the parameters of which there are inner shares behind those of the columns.
  const std::vector<std::string>& inner_quantities() const;

  /// Functions of the parameters of which there are standard errors behind those of the columns.
  const std::vector<StudentisedQuantity>& studentised_quantities() const;

  /// Calls use(first replicate, rows of estimates, of standard errors, statuses) for every committed block, in
  /// order. Memory: some MB. @throws IoError
  /// @param std_errors  read them too; else, or if they are not kept, their span is empty
  void for_each_block(
      const std::function<void(std::int64_t first,
                               std::span<const double> estimates,
                               std::span<const double> std_errors,
                               std::span<const std::uint8_t> status)>& use,
      bool std_errors = false) const;

  /// Replicates in committed blocks; rows below are these, in order of replicate number.
  std::int64_t num_committed() const;
  std::vector<BlockRange> committed_blocks() const;  ///< ascending, not adjacent
  /// @throws IoError, also if its rows do not match their checksum
  ReplicateRows read_block(std::int64_t block) const;
  const std::vector<std::uint8_t>& marks() const;  ///< as stored, see io/checkpoint.hpp

  /// Committed blocks whose rows do not match their checksum. @throws IoError
  std::vector<std::int64_t> damaged_blocks() const;
  std::vector<std::uint8_t> statuses() const;  ///< ReplicateStatus. @throws IoError
  /// One estimate column, failed rows (NaN) included. @throws IoError
  std::vector<double> estimate_column(std::size_t column) const;
  /// Several columns in one pass over the file. @throws IoError
  std::vector<std::vector<double>> estimate_columns(
      std::span<const std::size_t> columns) const;
  /// The same of the standard errors (p columns; empty results unless they were kept).
  std::vector<std::vector<double>> std_error_columns(
      std::span<const std::size_t> columns) const;
  /// The same of the shares of inner replicates (empty results unless there are any).
  std::vector<std::vector<double>> inner_share_columns(
      std::span<const std::size_t> columns) const;
  std::vector<double> log_likelihoods() const;  ///< @throws IoError

  ResultFile(ResultFile&&) noexcept;
  ResultFile& operator=(ResultFile&&) noexcept;
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;
  ~ResultFile();

 private:
  friend ResultFile open_result(const std::string& path);
  friend std::optional<ResultFile> find_stored(const std::string& path);
  ResultFile();
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether OUT.h5, or what there is of it in OUT.h5.parts/, says that it is a merit-result.
bool is_result_file(const std::string& path);

/// What `--resume` finds at an output: the finished file, or a part that HDF5 can read;
/// nothing if the job is to start. @throws IoError if it is of a newer format
std::optional<ResultFile> find_stored(const std::string& path);

/// Opens OUT.h5, or what there is of it in OUT.h5.parts/; also a part by its own path.
/// @throws InputError if there is neither, or it is not HDF5
/// @throws IoError if it is no merit-result, of a newer format, damaged or in use
ResultFile open_result(const std::string& path);

}  // namespace merit
