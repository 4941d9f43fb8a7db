// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/model/design.hpp"
#include "engine/model/row_places.hpp"
#include "engine/model/table.hpp"
#include "engine/run/block_range.hpp"
#include "io/digest.hpp"

namespace merit {

inline std::int64_t num_blocks(const Table& table) {
  return (table.num_rows() + kBlockRows - 1) / kBlockRows;
}

inline BlockRange rows_of_block(const Table& table, std::int64_t block) {
  const std::int64_t first = block * kBlockRows;
  return {first, std::min(kBlockRows, table.num_rows() - first)};
}

/// What one thread of a pass over the rows keeps: its reader and its memory.
struct PassWorkspace {
  std::unique_ptr<RowReader> reader;
  RowBlock rows;
  DesignBlock design;
  RowBlock repeated = {};  ///< with frequency weights
};

/// A table that has been read and counted, to be read again by models that keep their rows:
/// then every row is known to have its place, and goes there from the reader's strip. No copy of
/// the rows is ever made.
struct RowSource {
  Table& table;
  const Design& design;
  const std::vector<LevelHashes>& levels;
  const std::vector<Hash128>& hashes;  ///< blocks × columns, of the first reading
  RowPlaces places;
  int threads = 1;

  /// Takes row `i` of a strip, which is `row` of its group.
  using Put = std::function<void(
      const DesignBlock& strip, std::int64_t i, std::int64_t group, std::int64_t row)>;

  /// Reads these blocks on all threads; `put` is called by any of them.
  /// @throws InputError if the table is not the one that was counted
  void read(BlockRange blocks, const Put& put) const;
};

}  // namespace merit
