// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/block_checksum.hpp"
#include "io/checkpoint.hpp"
#include "io/file_kind.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_result.hpp"
#include "io/result_inference.hpp"
#include "io/result_layout.hpp"
#include "io/result_parts.hpp"
#include "io/result_paths.hpp"
#include "io/result_store.hpp"

namespace merit {
namespace {

namespace fs = std::filesystem;

/// Bytes read at a time when columns are gathered.
constexpr std::int64_t kReadBytes = std::int64_t{4} << 20;

}  // namespace

struct ResultFile::State {
  explicit State(const std::string& path)
      : file(hdf5::File::open(path, hdf5::Access::read)) {}

  void read();
  template <class T>
  std::vector<T> read_values(const hdf5::Dataset& dataset) const;
  std::vector<std::vector<double>> gather(const hdf5::Dataset& dataset,
                                          std::span<const std::size_t> wanted) const;

  hdf5::File file;
  std::string command;
  JobDescription job;
  StoredFit fit;
  std::optional<std::string> study;
  Attributes provenance;
  std::vector<Session> sessions;
  std::optional<StoredPosterior> posterior;
  std::optional<ReplicatePlan> plan;
  std::vector<std::string> columns;
  std::vector<std::uint8_t> marks;
  std::vector<bool> committed;   ///< per block of the file
  std::vector<BlockRange> runs;  ///< committed rows of the file
  std::int64_t num_committed = 0;
  hdf5::Dataset estimate;
  std::optional<hdf5::Dataset> std_error;
  hdf5::Dataset log_likelihood;
  hdf5::Dataset status;
  std::vector<std::uint64_t> checksum;

  BlockRange rows_in_file(std::int64_t index) const;
  ReplicateRows read_block(std::int64_t index) const;
  bool is_sound(std::int64_t index) const;

 private:
  void read_provenance(const hdf5::Group& group);
  void read_replicates(const hdf5::Group& group, RowKind kind);
  void read_marks();
};

void ResultFile::State::read() {
  check_format(file);
  const hdf5::Group root = file.root();
  command = root.attribute<std::string>("command");
  job = read_attributes(root.group("job"));
  fit = root.exists("study") ? read_study(root.group("study"), study)
                             : read_fit(root.group("fit"));
  if (!study) read_inference(root, fit);
  read_provenance(root.group("provenance"));
  if (root.exists("prior")) posterior = read_posterior(root);
  for (const RowKind kind : {RowKind::replicates, RowKind::draws}) {
    if (root.exists(row_names(kind).group)) {
      read_replicates(root.group(row_names(kind).group), kind);
    }
  }
}

/// The sessions' end and time beside what was known at the start.
void ResultFile::State::read_provenance(const hdf5::Group& group) {
  provenance = read_attributes(group);
  sessions = read_sessions(group.group("sessions"));
  if (sessions.empty()) return;
  double seconds = 0.0;
  for (const Session& session : sessions)
    seconds += session.seconds;
  provenance.emplace_back("finished", sessions.back().finished);
  provenance.emplace_back("seconds", seconds);
  provenance.emplace_back("sessions", static_cast<std::int64_t>(sessions.size()));
  std::sort(provenance.begin(), provenance.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
}

void ResultFile::State::read_replicates(const hdf5::Group& group, RowKind kind) {
  const auto p = std::ssize(fit.terms);
  const RowNames names = row_names(kind);
  estimate = group.dataset(names.values);
  ReplicatePlan shape;
  shape.kind = kind;
  shape.num_replicates = group.attribute<std::int64_t>(names.count);
  if (kind == RowKind::draws) {
    if (!posterior) throw IoError(group.name() + ": damaged: draws without /prior");
    posterior->columns = estimate.attribute<std::vector<std::string>>("columns");
    shape.num_chains = group.attribute<std::int64_t>("num_chains");
    if (shape.num_chains < 1 || shape.num_replicates % shape.num_chains != 0) {
      throw IoError(group.name() + ": damaged: chains of unequal length");
    }
  }
  shape.block_rows = group.attribute<std::int64_t>("block_rows");
  shape.shard = {group.attribute<std::int64_t>("shard"),
                 group.attribute<std::int64_t>("num_shards")};
  shape.keep_std_errors = group.exists("std_error");
  if (shape.num_replicates < 1 || shape.block_rows < 1) {
    throw IoError(group.name() + ": damaged: no replicates, or blocks without rows");
  }
  if (shape.shard.index < 1 || shape.shard.index > shape.shard.count ||
      shape.shard.count > std::min(shape.num_blocks(), kMostShards)) {
    throw IoError(group.name() + ": damaged: impossible shard");
  }
  plan = shape;
  const std::int64_t R = shape.num_rows();
  columns = posterior ? posterior->columns : merit::estimate_columns(fit);
  check_shape(estimate, {R, std::ssize(columns)});
  if (shape.keep_std_errors) std_error = open_shaped(group, "std_error", {R, p});
  log_likelihood = open_shaped(group, "log_likelihood", {R});
  status = open_shaped(group, "status", {R});
  const std::int64_t num_blocks = shape.blocks().count;
  marks = open_shaped(group, "committed", {num_blocks}).read<std::uint8_t>();
  checksum = open_shaped(group, "checksum", {num_blocks}).read<std::uint64_t>();
  read_marks();
}

/// What the marks say, by the rules of io/checkpoint.hpp.
void ResultFile::State::read_marks() {
  for (std::int64_t index = 0; index < std::ssize(marks); ++index) {
    const auto mark = static_cast<BlockMark>(marks[static_cast<std::size_t>(index)]);
    const bool there =
        mark == BlockMark::durable || (mark == BlockMark::written && is_sound(index));
    committed.push_back(there);
    if (!there) continue;
    const BlockRange rows = rows_in_file(index);
    num_committed += rows.count;
    if (!runs.empty() && runs.back().end() == rows.first) {
      runs.back().count += rows.count;
    } else {
      runs.push_back(rows);
    }
  }
}

BlockRange ResultFile::State::rows_in_file(std::int64_t index) const {
  const std::int64_t first_block = plan->blocks().first;
  const BlockRange rows = plan->rows({first_block + index, 1});
  return {rows.first - first_block * plan->block_rows, rows.count};
}

ReplicateRows ResultFile::State::read_block(std::int64_t index) const {
  const BlockRange at = rows_in_file(index);
  ReplicateRows rows;
  rows.resize(at.count, estimate.row_size(), std_error ? std_error->row_size() : 0);
  estimate.read_rows<double>(at.first, at.count, rows.estimate);
  if (std_error) std_error->read_rows<double>(at.first, at.count, rows.std_error);
  log_likelihood.read_rows<double>(at.first, at.count, rows.log_likelihood);
  status.read_rows<std::uint8_t>(at.first, at.count, rows.status);
  return rows;
}

bool ResultFile::State::is_sound(std::int64_t index) const {
  const std::int64_t block = plan->blocks().first + index;
  return block_checksum(block, bytes_of(read_block(index))) ==
         checksum[static_cast<std::size_t>(index)];
}

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

std::vector<std::vector<double>> ResultFile::State::gather(
    const hdf5::Dataset& dataset, std::span<const std::size_t> wanted) const {
  const std::int64_t width = dataset.row_size();
  const std::int64_t rows_at_once = std::max<std::int64_t>(
      1, kReadBytes / (width * static_cast<std::int64_t>(sizeof(double))));
  std::vector<std::vector<double>> out(wanted.size());
  for (std::vector<double>& column : out) {
    column.reserve(static_cast<std::size_t>(num_committed));
  }
  std::vector<double> block;
  for (const BlockRange& run : runs) {
    for (std::int64_t done = 0; done < run.count; done += rows_at_once) {
      const std::int64_t count = std::min(rows_at_once, run.count - done);
      block.resize(static_cast<std::size_t>(count * width));
      dataset.read_rows<double>(run.first + done, count, std::span(block));
      for (std::size_t c = 0; c < wanted.size(); ++c) {
        const double* value = block.data() + wanted[c];
        for (std::int64_t row = 0; row < count; ++row, value += width) {
          out[c].push_back(*value);
        }
      }
    }
  }
  return out;
}

ResultFile::ResultFile() = default;
ResultFile::ResultFile(ResultFile&&) noexcept = default;
ResultFile& ResultFile::operator=(ResultFile&&) noexcept = default;
ResultFile::~ResultFile() = default;

const std::string& ResultFile::path() const {
  return state_->file.path();
}
const std::string& ResultFile::command() const {
  return state_->command;
}
bool ResultFile::complete() const {
  const std::vector<bool>& committed = state_->committed;
  return std::find(committed.begin(), committed.end(), false) == committed.end();
}
const JobDescription& ResultFile::job() const {
  return state_->job;
}
const StoredFit& ResultFile::fit() const {
  return state_->fit;
}
const std::optional<std::string>& ResultFile::study() const {
  return state_->study;
}
const Attributes& ResultFile::provenance() const {
  return state_->provenance;
}
const std::optional<ReplicatePlan>& ResultFile::replicates() const {
  return state_->plan;
}
const std::vector<std::string>& ResultFile::columns() const {
  return state_->columns;
}
std::int64_t ResultFile::num_committed() const {
  return state_->num_committed;
}

void ResultFile::for_each_block(
    const std::function<
        void(std::int64_t, std::span<const double>, std::span<const std::uint8_t>)>& use)
    const {
  if (!state_->plan) return;
  const std::int64_t block = state_->plan->block_rows;
  const std::int64_t width = std::ssize(state_->columns);
  const std::int64_t row_bytes = width * static_cast<std::int64_t>(sizeof(double));
  const std::int64_t rows_at_once =
      std::max<std::int64_t>(1, kReadBytes / row_bytes / block) * block;
  std::vector<double> estimates;
  std::vector<std::uint8_t> status;
  for (const BlockRange& run : state_->runs) {
    for (std::int64_t done = 0; done < run.count; done += rows_at_once) {
      const std::int64_t count = std::min(rows_at_once, run.count - done);
      estimates.resize(static_cast<std::size_t>(count * width));
      status.resize(static_cast<std::size_t>(count));
      state_->estimate.read_rows<double>(run.first + done, count, std::span(estimates));
      state_->status.read_rows<std::uint8_t>(run.first + done, count, std::span(status));
      for (std::int64_t at = 0; at < count; at += block) {
        const auto rows = static_cast<std::size_t>(std::min(block, count - at));
        use(run.first + done + at,
            std::span(estimates).subspan(static_cast<std::size_t>(at * width),
                                         rows * static_cast<std::size_t>(width)),
            std::span(status).subspan(static_cast<std::size_t>(at), rows));
      }
    }
  }
}

const std::vector<Session>& ResultFile::sessions() const {
  return state_->sessions;
}
const std::optional<StoredPosterior>& ResultFile::posterior() const {
  return state_->posterior;
}
const std::vector<std::uint8_t>& ResultFile::marks() const {
  return state_->marks;
}
Shard ResultFile::shard() const {
  return state_->plan ? state_->plan->shard : Shard{};
}

std::vector<BlockRange> ResultFile::committed_blocks() const {
  std::vector<BlockRange> blocks;
  for (std::size_t index = 0; index < state_->committed.size(); ++index) {
    if (!state_->committed[index]) continue;
    const std::int64_t block =
        state_->plan->blocks().first + static_cast<std::int64_t>(index);
    if (!blocks.empty() && blocks.back().end() == block) {
      ++blocks.back().count;
    } else {
      blocks.push_back({block, 1});
    }
  }
  return blocks;
}

ReplicateRows ResultFile::read_block(std::int64_t block) const {
  const std::int64_t index = block - state_->plan->blocks().first;
  ReplicateRows rows = state_->read_block(index);
  if (block_checksum(block, bytes_of(rows)) !=
      state_->checksum[static_cast<std::size_t>(index)]) {
    const BlockRange at = state_->plan->rows({block, 1});
    throw IoError(
        fmt::format("{}: damaged: replicates {} to {} do not match their checksum",
                    path(),
                    at.first,
                    at.end() - 1));
  }
  return rows;
}

std::vector<std::int64_t> ResultFile::damaged_blocks() const {
  std::vector<std::int64_t> damaged;
  for (const BlockRange& blocks : committed_blocks()) {
    for (std::int64_t block = blocks.first; block < blocks.end(); ++block) {
      if (!state_->is_sound(block - state_->plan->blocks().first)) {
        damaged.push_back(block);
      }
    }
  }
  return damaged;
}

std::vector<std::uint8_t> ResultFile::statuses() const {
  return state_->plan ? state_->read_values<std::uint8_t>(state_->status)
                      : std::vector<std::uint8_t>();
}

std::vector<double> ResultFile::log_likelihoods() const {
  return state_->plan ? state_->read_values<double>(state_->log_likelihood)
                      : std::vector<double>();
}

std::vector<double> ResultFile::estimate_column(std::size_t column) const {
  return std::move(estimate_columns({&column, 1}).front());
}

std::vector<std::vector<double>> ResultFile::estimate_columns(
    std::span<const std::size_t> columns) const {
  if (!state_->plan) return std::vector<std::vector<double>>(columns.size());
  return state_->gather(state_->estimate, columns);
}

std::vector<std::vector<double>> ResultFile::std_error_columns(
    std::span<const std::size_t> columns) const {
  if (!state_->std_error) return std::vector<std::vector<double>>(columns.size());
  return state_->gather(*state_->std_error, columns);
}

namespace {

/// OUT.h5 itself, or the part that will become it.
std::string existing_file(const std::string& path) {
  std::error_code ignored;
  const bool in_parts =
      !fs::exists(path, ignored) && fs::exists(part_path(path), ignored);
  return in_parts ? part_path(path) : path;
}

}  // namespace

bool is_result_file(const std::string& path) {
  const std::string file = existing_file(path);
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored) || !kind_if_not_hdf5(file).empty())
    return false;
  try {
    const hdf5::File opened = hdf5::File::open(file, hdf5::Access::read);
    const auto format = opened.root().find_attribute<std::string>("format");
    return format == kResultFormat;
  } catch (const Error&) {
    return false;  // damaged: whoever reads it next says what is wrong
  }
}

std::optional<ResultFile> find_stored(const std::string& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return open_result(path);
  if (!fs::exists(part_path(path), ignored)) return std::nullopt;
  ResultFile result;
  try {
    result.state_ = std::make_unique<ResultFile::State>(part_path(path));
    result.state_->file.root();
  } catch (const Error&) {
    return std::nullopt;
  }
  check_format(result.state_->file);
  try {
    result.state_->read();
  } catch (const Error&) {
    return std::nullopt;
  }
  return result;
}

ResultFile open_result(const std::string& path) {
  ResultFile result;
  result.state_ = std::make_unique<ResultFile::State>(existing_file(path));
  result.state_->read();
  return result;
}

}  // namespace merit
