// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/model/group_index.hpp"

namespace merit {

/// How many rows of which groups a block of the snapshot has.
struct BlockGroups {
  std::vector<double> key;  ///< ascending
  std::vector<std::int32_t> count;
};

/// Where each row belongs when rows are put in the order of their groups and, within a group,
/// in that of the snapshot: known for every block beforehand, from counts alone. So blocks can
/// be read in any order, by any thread and rank, and every row goes straight to its place.
class RowPlaces {
 public:
  /// @param key     J, all groups, ascending
  /// @param blocks  all blocks, in the order of the snapshot
  RowPlaces(const std::vector<double>& key, const std::vector<BlockGroups>& blocks);

  const std::vector<std::int64_t>& size() const {
    return size_;
  }  ///< J, rows of the group

  /// Tells the places of one block's rows, which are asked for in their order.
  class Cursor {
   public:
    explicit Cursor(const RowPlaces& places) : places_(&places), next_(places.size_) {}
    void begin(std::int64_t block);
    /// Group and row in it of the next row, of the group with this key; {−1, 0} if it cannot
    /// be one of the block that was counted.
    std::pair<std::int64_t, std::int64_t> next(double key);

   private:
    const RowPlaces* places_;
    std::vector<std::int64_t> next_;  // J
  };

 private:
  struct Start {
    std::int64_t group;
    std::int64_t row;
  };
  GroupIndex index_;
  std::vector<std::int64_t> size_;
  std::vector<std::vector<Start>> starts_;
};

}  // namespace merit
