// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/table.hpp"

namespace merit {

/// 128 bits of XXH3.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

/// Level hashes of one column: of each level's text, 64 bits; empty for a numeric column.
using LevelHashes = std::vector<std::uint64_t>;

/// Hashes of the level texts that `digest_block` looks up; empty if the column is numeric.
/// @throws IoError if the levels cannot be read
LevelHashes hash_levels(Table& table, std::size_t column);

/// Hashes the columns of a block of rows (the blocks of `kBlockRows` that every pass uses),
/// which may come in strips.
///
/// A number is hashed as a little-endian double with one NaN (missing); a category as the
/// hash of its level's text. So storage types, the file's shape, and the number and order of
/// levels do not matter; values, their order and missingness do.
class BlockHasher {
 public:
  /// @param levels  one entry per column of the block; must outlive the hasher
  explicit BlockHasher(std::span<const LevelHashes> levels);
  BlockHasher(BlockHasher&&) noexcept;
  BlockHasher& operator=(BlockHasher&&) noexcept;
  ~BlockHasher();

  void add(const RowBlock& strip);

  /// The hash of each column's rows since the last call; begins anew.
  std::vector<Hash128> take();

 private:
  struct Column;
  std::vector<Column> columns_;
};

/// The hashes of a block that is in memory as a whole.
std::vector<Hash128> digest_block(std::span<const LevelHashes> levels,
                                  const RowBlock& block);

/// The digest of a data set: 32 hexadecimal digits.
///
/// @param columns  name and kind of each column; their order does not matter
/// @param blocks   `digest_block` of every block in row order, one after another
std::string combine_digests(std::span<const ColumnInfo> columns,
                            std::int64_t num_rows,
                            std::span<const Hash128> blocks);

/// 32 hexadecimal digits of a text.
std::string text_digest(std::string_view text);

/// All of the above in one pass over `columns` of a table.
/// @throws IoError if reading fails
std::string digest(Table& table, std::span<const std::size_t> columns);

}  // namespace merit
