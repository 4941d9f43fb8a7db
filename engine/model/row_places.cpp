// SPDX-License-Identifier: MIT
#include "engine/model/row_places.hpp"

namespace merit {

RowPlaces::RowPlaces(const std::vector<double>& key,
                     const std::vector<BlockGroups>& blocks)
    : index_(key), size_(key.size(), 0), starts_(blocks.size()) {
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const BlockGroups& block = blocks[b];
    starts_[b].reserve(block.key.size());
    for (std::size_t i = 0; i < block.key.size(); ++i) {
      const std::ptrdiff_t group = index_.find(block.key[i]);
      std::int64_t& rows = size_[static_cast<std::size_t>(group)];
      starts_[b].push_back({group, rows});
      rows += block.count[i];
    }
  }
}

void RowPlaces::Cursor::begin(std::int64_t block) {
  for (const Start& start : places_->starts_[static_cast<std::size_t>(block)])
    next_[static_cast<std::size_t>(start.group)] = start.row;
}

std::pair<std::int64_t, std::int64_t> RowPlaces::Cursor::next(double key) {
  const std::ptrdiff_t group = places_->index_.find(key);
  if (group < 0) return {-1, 0};
  const auto at = static_cast<std::size_t>(group);
  if (next_[at] >= places_->size_[at]) return {-1, 0};
  return {group, next_[at]++};
}

}  // namespace merit
