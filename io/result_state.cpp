// SPDX-License-Identifier: MIT
#include "io/result_state.hpp"

#include <algorithm>

#include "engine/error.hpp"
#include "io/block_checksum.hpp"
#include "io/checkpoint.hpp"
#include "io/description_checksum.hpp"
#include "io/hdf5_result.hpp"
#include "io/result_delete_one.hpp"
#include "io/result_inference.hpp"
#include "io/result_layout.hpp"
#include "io/result_parts.hpp"
#include "io/result_tables.hpp"

namespace merit {
namespace {

/// Bytes read at a time when columns are gathered.
constexpr std::int64_t kReadBytes = std::int64_t{4} << 20;

}  // namespace

void ResultFile::State::read_metadata() {
  check_format(file);
  const hdf5::Group root = file.root();
  command = root.attribute<std::string>("command");
  job = read_attributes(root.group("job"));
  fit = root.exists("study") ? read_study(root.group("study"), study)
                             : read_fit(root.group("fit"));
  if (study) {
    tables = read_tables(root.group("study"));
  } else {
    read_inference(root, fit);
    read_delete_one(root, fit);
  }
  read_provenance(root.group("provenance"));
  if (root.exists("prior")) posterior = read_posterior(root);
  for (const RowKind kind : {RowKind::replicates, RowKind::draws}) {
    if (root.exists(row_names(kind).group)) {
      read_replicates(root.group(row_names(kind).group), kind);
    }
  }
  // Last: what is wrong in particular says more.
  if (root.attribute<std::int64_t>("format_version") > 1) check_description(root);
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

/// Columns are the terms' or those of all estimates, and behind them quantities.
void ResultFile::State::read_std_errors(const hdf5::Group& group, ReplicatePlan& shape) {
  const auto p = std::ssize(fit.terms);
  std_error = group.dataset("std_error");
  std::vector<double> original;
  if (std_error->has_attribute("original"))
    original = std_error->attribute<std::vector<double>>("original");
  shape.num_quantity_errors = std::ssize(original);
  shape.keep_sd_errors = std_error->row_size() - shape.num_quantity_errors > p;
  const std::int64_t of_estimates = shape.keep_sd_errors ? std::ssize(columns) : p;
  check_shape(*std_error, {shape.num_rows(), of_estimates + shape.num_quantity_errors});
  if (original.empty()) return;
  const auto names = std_error->attribute<std::vector<std::string>>("columns");
  if (std::ssize(names) != of_estimates + shape.num_quantity_errors)
    throw IoError(group.name() + ": damaged: std_error does not name its columns");
  for (std::size_t q = 0; q < original.size(); ++q) {
    studentised_quantities.push_back(
        {names[static_cast<std::size_t>(of_estimates) + q], original[q]});
  }
}

void ResultFile::State::read_replicates(const hdf5::Group& group, RowKind kind) {
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
  shape.keep_inner_shares = group.exists("inner_share");
  if (shape.num_replicates < 1 || shape.block_rows < 1) {
    throw IoError(group.name() + ": damaged: no replicates, or blocks without rows");
  }
  if (shape.shard.index < 1 || shape.shard.index > shape.shard.count ||
      shape.shard.count > std::min(shape.num_blocks(), kMostShards)) {
    throw IoError(group.name() + ": damaged: impossible shard");
  }
  columns = posterior ? posterior->columns : merit::estimate_columns(fit);
  if (shape.keep_std_errors) read_std_errors(group, shape);
  if (shape.keep_inner_shares) {
    inner_quantities =
        group.dataset("inner_share").attribute<std::vector<std::string>>("columns");
    if (inner_quantities.size() < columns.size())
      throw IoError(group.name() + ": damaged: inner_share has too few columns");
    inner_quantities.erase(inner_quantities.begin(),
                           inner_quantities.begin() + std::ssize(columns));
    shape.num_inner_quantities = std::ssize(inner_quantities);
  }
  plan = shape;
  const std::int64_t R = shape.num_rows();
  check_shape(estimate, {R, std::ssize(columns)});
  if (shape.keep_inner_shares)
    inner_share = open_shaped(
        group, "inner_share", {R, std::ssize(columns) + shape.num_inner_quantities});
  log_likelihood = open_shaped(group, "log_likelihood", {R});
  status = open_shaped(group, "status", {R});
  const std::int64_t num_blocks = shape.blocks().count;
  marks = open_shaped(group, "committed", {num_blocks}).read<std::uint8_t>();
  checksum = open_shaped(group, "checksum", {num_blocks}).read<std::uint64_t>();
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
  const auto width = [](const std::optional<hdf5::Dataset>& dataset) {
    return dataset ? dataset->row_size() : 0;
  };
  rows.resize(at.count, estimate.row_size(), width(std_error), width(inner_share));
  estimate.read_rows<double>(at.first, at.count, rows.estimate);
  if (std_error) std_error->read_rows<double>(at.first, at.count, rows.std_error);
  if (inner_share) inner_share->read_rows<double>(at.first, at.count, rows.inner_share);
  log_likelihood.read_rows<double>(at.first, at.count, rows.log_likelihood);
  status.read_rows<std::uint8_t>(at.first, at.count, rows.status);
  return rows;
}

bool ResultFile::State::is_sound(std::int64_t index) const {
  const std::int64_t block = plan->blocks().first + index;
  return block_checksum(block, bytes_of(read_block(index))) ==
         checksum[static_cast<std::size_t>(index)];
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

}  // namespace merit
