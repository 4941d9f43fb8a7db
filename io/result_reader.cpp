// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/block_checksum.hpp"
#include "io/checkpoint.hpp"
#include "io/file_kind.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_result.hpp"
#include "io/result_layout.hpp"
#include "io/result_paths.hpp"
#include "io/result_store.hpp"

namespace merit {
namespace {

namespace fs = std::filesystem;

/// Bytes read at a time when columns are gathered.
constexpr std::int64_t kReadBytes = std::int64_t{4} << 20;

AttributeValue read_attribute(const hdf5::Object& object, const std::string& name) {
  const hdf5::Type type = object.attribute_type(name);
  if (hdf5::is_flag(type)) return object.attribute<bool>(name);
  switch (type.type_class) {
    case hdf5::TypeClass::integer:
      return object.attribute<std::int64_t>(name);
    case hdf5::TypeClass::floating:
      return object.attribute<double>(name);
    case hdf5::TypeClass::fixed_string:
    case hdf5::TypeClass::variable_string:
      return object.attribute<std::string>(name);
    default:
      throw IoError(
          fmt::format("{}: attribute {} is {}; expected text, a number or a boolean",
                      object.name(),
                      name,
                      type.name));
  }
}

Attributes read_attributes(const hdf5::Object& object) {
  Attributes out;
  for (const std::string& name : object.attribute_names()) {
    out.emplace_back(name, read_attribute(object, name));
  }
  return out;
}

void check_format(const hdf5::File& file) {
  const hdf5::Group root = file.root();
  const std::string format = root.find_attribute<std::string>("format").value_or("");
  if (format != kResultFormat) {
    throw InputError(
        fmt::format("{}: is not a result file: its attribute format is {}; expected {}",
                    file.path(),
                    format.empty() ? "missing" : "\"" + format + "\"",
                    kResultFormat));
  }
  const auto version = root.attribute<std::int64_t>("format_version");
  if (version < 1 || version > kResultFormatVersion) {
    throw IoError(fmt::format(
        "{}: has result format {}; this merit reads formats 1 to {}: use a later merit",
        file.path(),
        version,
        kResultFormatVersion));
  }
}

/// @throws IoError unless the dataset has this shape, and as many bytes as it claims
void check_shape(const hdf5::Dataset& dataset, const std::vector<std::int64_t>& shape) {
  if (dataset.shape() != shape) {
    throw IoError(fmt::format("{}: damaged: its shape is {}; expected {}",
                              dataset.name(),
                              fmt::join(dataset.shape(), " x "),
                              fmt::join(shape, " x ")));
  }
  const hdf5::Storage storage = dataset.storage();
  const auto values =
      static_cast<double>(dataset.num_rows()) * static_cast<double>(dataset.row_size());
  const double bytes = values * static_cast<double>(dataset.type().size);
  // A file that somebody has repacked with gzip: at most 1032 to 1.
  const double packing = storage.filtered ? 1032.0 : 1.0;
  if (static_cast<double>(storage.bytes) * packing < bytes) {
    throw IoError(dataset.name() + ": damaged: a part of its values is missing");
  }
}

hdf5::Dataset open_shaped(const hdf5::Group& group,
                          const std::string& name,
                          const std::vector<std::int64_t>& shape) {
  hdf5::Dataset dataset = group.dataset(name);
  check_shape(dataset, shape);
  return dataset;
}

Eigen::VectorXd read_vector(const hdf5::Group& group,
                            const std::string& name,
                            std::int64_t n) {
  const std::vector<double> values = open_shaped(group, name, {n}).read<double>();
  return Eigen::Map<const Eigen::VectorXd>(values.data(), n);
}

Eigen::MatrixXd read_matrix(const hdf5::Group& group,
                            const std::string& name,
                            std::int64_t n) {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const std::vector<double> values = open_shaped(group, name, {n, n}).read<double>();
  return Eigen::Map<const RowMajor>(values.data(), n, n);
}

std::vector<std::string> read_strings(const hdf5::Group& group, const std::string& name) {
  const hdf5::Dataset dataset = group.dataset(name);
  check_shape(dataset, {dataset.num_rows()});
  return dataset.read_strings();
}

StoredFit read_fit(const hdf5::Group& group) {
  StoredFit out;
  out.terms = read_strings(group, "term");
  const std::int64_t p = std::ssize(out.terms);
  out.fit.beta = read_vector(group, "estimate", p);
  out.fit.vcov = read_matrix(group, "vcov", p);
  out.fit.criterion =
      group.attribute<std::string>("method") == "ml" ? Criterion::ml : Criterion::reml;
  const auto method = group.attribute<std::string>("method");
  if (method != "ml" && method != "reml") out.fit.method = method;
  const auto optional = [&group](const char* name) {
    return group.find_attribute<double>(name).value_or(
        std::numeric_limits<double>::quiet_NaN());
  };
  out.fit.sigma =
      out.fit.method.empty() ? group.attribute<double>("sigma") : optional("sigma");
  out.fit.tau_std_error = optional("tau_std_error");
  out.fit.latent_variance = optional("latent_variance");
  if (const auto nodes = group.find_attribute<std::int64_t>("nagq")) {
    out.fit.quadrature =
        QuadratureError{.num_nodes = static_cast<int>(*nodes),
                        .log_likelihood = optional("quadrature_error_log_likelihood"),
                        .std_error = optional("quadrature_error_std_error")};
  }
  out.fit.tau = group.attribute<double>("tau");
  out.fit.log_likelihood = group.attribute<double>("log_likelihood");
  out.fit.converged = group.attribute<bool>("converged");
  out.fit.on_boundary = group.attribute<bool>("boundary");
  out.fit.iterations = static_cast<int>(group.attribute<std::int64_t>("iterations"));
  out.fit.gradient = group.attribute<double>("gradient");
  out.fit.message = group.attribute<std::string>("message");
  out.group = group.attribute<std::string>("group");
  out.num_obs = group.attribute<std::int64_t>("nobs");
  out.rows_read = group.attribute<std::int64_t>("rows_read");
  out.rows_excluded_by_where = group.attribute<std::int64_t>("rows_excluded_by_where");

  const hdf5::Group groups = group.group("groups");
  out.group_level = read_strings(groups, "level");
  const std::int64_t J = std::ssize(out.group_level);
  out.group_size = open_shaped(groups, "size", {J}).read<std::int64_t>();
  out.modes.mode = read_vector(groups, "mode", J);
  out.modes.sd = read_vector(groups, "conditional_sd", J);

  const hdf5::Group dropped = group.group("rows_dropped");
  const std::vector<std::string> columns = read_strings(dropped, "column");
  const std::vector<std::int64_t> counts =
      open_shaped(dropped, "count", {std::ssize(columns)}).read<std::int64_t>();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    out.rows_dropped.emplace_back(columns[c], counts[c]);
  }
  return out;
}

std::vector<Session> read_sessions(const hdf5::Group& group) {
  const auto text = [&](const std::string& name) {
    return open_shaped(group, name, {kMostSessions}).read_strings();
  };
  const auto number = [&](const std::string& name) {
    return open_shaped(group, name, {kMostSessions}).read<std::int64_t>();
  };
  const auto started = text("started");
  const auto finished = text("finished");
  const auto host = text("host");
  const auto batch_job = text("batch_job");
  const auto ranks = number("ranks");
  const auto threads = number("threads");
  const auto replicates = number("replicates");
  const auto seconds = open_shaped(group, "seconds", {kMostSessions}).read<double>();
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < started.size() && !started[i].empty(); ++i) {
    sessions.push_back({.started = started[i],
                        .finished = finished[i],
                        .host = host[i],
                        .batch_job = batch_job[i],
                        .ranks = ranks[i],
                        .threads = threads[i],
                        .replicates = replicates[i],
                        .seconds = seconds[i]});
  }
  return sessions;
}

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
  Attributes provenance;
  std::vector<Session> sessions;
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
  void read_replicates(const hdf5::Group& group);
  void read_marks();
};

void ResultFile::State::read() {
  check_format(file);
  const hdf5::Group root = file.root();
  command = root.attribute<std::string>("command");
  job = read_attributes(root.group("job"));
  fit = read_fit(root.group("fit"));
  read_provenance(root.group("provenance"));
  if (root.exists("replicates")) read_replicates(root.group("replicates"));
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

void ResultFile::State::read_replicates(const hdf5::Group& group) {
  const auto p = std::ssize(fit.terms);
  estimate = group.dataset("estimate");
  ReplicatePlan shape;
  shape.num_replicates = group.attribute<std::int64_t>("num_replicates");
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
  columns = merit::estimate_columns(fit);
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
