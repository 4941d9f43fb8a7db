// SPDX-License-Identifier: MIT
#include "engine/resample/drawn_rows.hpp"

#include <numeric>
#include <utility>
#include <vector>

namespace merit {

void DrawnRows::draw(std::span<const std::int64_t> groups, Stream* within) {
  const PackedRowsWriter writer = lay_out(groups);
  std::int64_t slot = 0;
  for (const std::int64_t group : groups) {
    const std::int64_t n = all_->size[static_cast<std::size_t>(group)];
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t row = within != nullptr ? within->index(n) : i;
      writer.copy(*all_, all_->first_row(group) + row, rows_.first_row(slot) + i);
    }
    writer.pad(slot++);
  }
}

PackedRowsWriter DrawnRows::lay_out(std::span<const std::int64_t> groups) {
  std::vector<std::int64_t> size;
  size.reserve(groups.size());
  for (const std::int64_t group : groups)
    size.push_back(all_->size[static_cast<std::size_t>(group)]);
  std::vector<double> key(groups.size());  // drawn groups have numbers, not names
  std::iota(key.begin(), key.end(), 0.0);
  std::shared_ptr<void> memory = bytes_ > 0 ? std::move(rows_.memory) : nullptr;
  rows_ = lay_out_rows(std::move(key), std::move(size), all_->origin);
  const PackedColumns columns{.offset = all_->offset != nullptr,
                              .trials = all_->trials != nullptr};
  const std::int64_t needed = packed_bytes(rows_, columns);
  if (needed > bytes_) {
    memory = allocate_rows(needed);
    bytes_ = needed;
  }
  return PackedRowsWriter(rows_, columns, std::move(memory));
}

}  // namespace merit
