// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/block_checksum.hpp"
#include "io/result_state.hpp"
#include "io/result_store.hpp"

namespace merit {
namespace {

/// Bytes read at a time when all blocks are passed over.
constexpr std::int64_t kReadBytes = std::int64_t{4} << 20;

}  // namespace

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

const std::vector<StoredTable>& ResultFile::tables() const {
  return state_->tables;
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
const std::vector<std::string>& ResultFile::inner_quantities() const {
  return state_->inner_quantities;
}
const std::vector<StudentisedQuantity>& ResultFile::studentised_quantities() const {
  return state_->studentised_quantities;
}
std::int64_t ResultFile::num_committed() const {
  return state_->num_committed;
}

void ResultFile::for_each_block(
    const std::function<void(std::int64_t,
                             std::span<const double>,
                             std::span<const double>,
                             std::span<const std::uint8_t>)>& use,
    bool std_errors) const {
  if (!state_->plan) return;
  const std::int64_t block = state_->plan->block_rows;
  const std::int64_t width = std::ssize(state_->columns);
  const std::int64_t row_bytes = width * static_cast<std::int64_t>(sizeof(double));
  const std::int64_t rows_at_once =
      std::max<std::int64_t>(1, kReadBytes / row_bytes / block) * block;
  const std::int64_t num_errors =
      std_errors && state_->std_error ? state_->std_error->row_size() : 0;
  std::vector<double> estimates, errors;
  std::vector<std::uint8_t> status;
  for (const BlockRange& run : state_->runs) {
    for (std::int64_t done = 0; done < run.count; done += rows_at_once) {
      const std::int64_t count = std::min(rows_at_once, run.count - done);
      estimates.resize(static_cast<std::size_t>(count * width));
      status.resize(static_cast<std::size_t>(count));
      state_->estimate.read_rows<double>(run.first + done, count, std::span(estimates));
      errors.resize(static_cast<std::size_t>(count * num_errors));
      if (num_errors > 0)
        state_->std_error->read_rows<double>(run.first + done, count, std::span(errors));
      state_->status.read_rows<std::uint8_t>(run.first + done, count, std::span(status));
      for (std::int64_t at = 0; at < count; at += block) {
        const auto rows = static_cast<std::size_t>(std::min(block, count - at));
        use(run.first + done + at,
            std::span(estimates).subspan(static_cast<std::size_t>(at * width),
                                         rows * static_cast<std::size_t>(width)),
            std::span(errors).subspan(static_cast<std::size_t>(at * num_errors),
                                      rows * static_cast<std::size_t>(num_errors)),
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

std::vector<std::vector<double>> ResultFile::inner_share_columns(
    std::span<const std::size_t> columns) const {
  if (!state_->inner_share) return std::vector<std::vector<double>>(columns.size());
  return state_->gather(*state_->inner_share, columns);
}

}  // namespace merit
