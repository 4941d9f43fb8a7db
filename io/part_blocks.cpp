// SPDX-License-Identifier: MIT
#include "io/part_blocks.hpp"

#include <span>
#include <stdexcept>

#include <fmt/format.h>

#include "io/block_checksum.hpp"

namespace merit {

std::int64_t PartBlocks::num_rows(std::int64_t index) const {
  return plan_.rows({plan_.blocks().first + index, 1}).count;
}

std::int64_t PartBlocks::index_of(std::int64_t first, const ReplicateBytes& rows) const {
  const std::int64_t block = first / plan_.block_rows;
  const BlockRange blocks = plan_.blocks();
  const bool one_block = first >= 0 && block >= blocks.first && block < blocks.end() &&
                         plan_.rows({block, 1}) == BlockRange{first, rows.count};
  const auto fits = [](const Place& place, std::int64_t columns) {
    return place.row_bytes == columns * static_cast<std::int64_t>(sizeof(double));
  };
  if (!one_block || !fits(places_.estimate, rows.num_estimates) ||
      (places_.std_error && !fits(*places_.std_error, rows.num_std_errors)) ||
      (places_.inner_share && !fits(*places_.inner_share, rows.num_shares))) {
    throw std::logic_error(
        fmt::format("{} rows from {} with {} estimates, {} standard errors and {} shares "
                    "are no block of the plan",
                    rows.count,
                    first,
                    rows.num_estimates,
                    rows.num_std_errors,
                    rows.num_shares));
  }
  return block - blocks.first;
}

void PartBlocks::write(std::int64_t index, const ReplicateBytes& rows) {
  ReplicateBytes stored = rows;
  if (!places_.std_error) stored.std_error = {};
  if (!places_.inner_share) stored.inner_share = {};
  const std::uint64_t checksum = block_checksum(plan_.blocks().first + index, stored);
  write_rows(index, stored);
  file_.write_at(places_.checksum.row(index),
                 std::as_bytes(std::span(&checksum, std::size_t{1})));
  write_mark(index, 1, BlockMark::written);
}

void PartBlocks::write_rows(std::int64_t index, const ReplicateBytes& rows) {
  const std::int64_t first = index * plan_.block_rows;
  file_.write_at(places_.estimate.row(first), rows.estimate);
  if (places_.std_error) file_.write_at(places_.std_error->row(first), rows.std_error);
  if (places_.inner_share)
    file_.write_at(places_.inner_share->row(first), rows.inner_share);
  file_.write_at(places_.log_likelihood.row(first), rows.log_likelihood);
  file_.write_at(places_.status.row(first), rows.status);
}

void PartBlocks::write_mark(std::int64_t index, std::int64_t count, BlockMark mark) {
  const std::vector<std::byte> marks(static_cast<std::size_t>(count),
                                     static_cast<std::byte>(mark));
  file_.write_at(places_.committed.row(index), marks);
}

ReplicateBytes PartBlocks::read(std::int64_t index,
                                std::vector<std::byte>& buffer) const {
  const std::int64_t first = index * plan_.block_rows;
  const std::int64_t count = num_rows(index);
  const auto row_bytes_of = [](const std::optional<Place>& place) {
    return place ? place->row_bytes : 0;
  };
  const std::int64_t row_bytes =
      places_.estimate.row_bytes + row_bytes_of(places_.std_error) +
      row_bytes_of(places_.inner_share) + places_.log_likelihood.row_bytes +
      places_.status.row_bytes;
  buffer.resize(static_cast<std::size_t>(count * row_bytes));
  std::span<std::byte> rest(buffer);
  const auto read = [&](const Place& place) {
    const auto bytes = rest.first(static_cast<std::size_t>(count * place.row_bytes));
    file_.read_at(place.row(first), bytes);
    rest = rest.subspan(bytes.size());
    return std::span<const std::byte>(bytes);
  };
  ReplicateBytes rows{.count = count};
  rows.estimate = read(places_.estimate);
  if (places_.std_error) rows.std_error = read(*places_.std_error);
  if (places_.inner_share) rows.inner_share = read(*places_.inner_share);
  rows.log_likelihood = read(places_.log_likelihood);
  rows.status = read(places_.status);
  return rows;
}

bool PartBlocks::checksum_is_right(std::int64_t index, const ReplicateBytes& rows) const {
  std::uint64_t stored = 0;
  file_.read_at(places_.checksum.row(index),
                std::as_writable_bytes(std::span(&stored, std::size_t{1})));
  return block_checksum(plan_.blocks().first + index, rows) == stored;
}

void PartBlocks::read_estimates(std::int64_t index,
                                std::vector<double>& estimates,
                                std::vector<std::uint8_t>& status) const {
  const std::int64_t first = index * plan_.block_rows;
  const std::int64_t count = num_rows(index);
  const auto width = places_.estimate.row_bytes / std::int64_t{sizeof(double)};
  estimates.resize(static_cast<std::size_t>(count * width));
  status.resize(static_cast<std::size_t>(count));
  file_.read_at(places_.estimate.row(first),
                std::as_writable_bytes(std::span(estimates)));
  file_.read_at(places_.status.row(first), std::as_writable_bytes(std::span(status)));
}

void PartBlocks::read_std_errors(std::int64_t index,
                                 std::vector<double>& std_errors) const {
  if (!places_.std_error) return std_errors.clear();
  const auto width = places_.std_error->row_bytes / std::int64_t{sizeof(double)};
  std_errors.resize(static_cast<std::size_t>(num_rows(index) * width));
  file_.read_at(places_.std_error->row(index * plan_.block_rows),
                std::as_writable_bytes(std::span(std_errors)));
}

}  // namespace merit
