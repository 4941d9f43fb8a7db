// SPDX-License-Identifier: MIT
#include "io/digest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <memory>
#include <numeric>

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

namespace merit {
namespace {

/// Values brought to their canonical form at a time: they stay in the first-level cache.
constexpr std::size_t kPieceValues = 1024;

constexpr std::uint64_t kMissingBits = 0x7ff8'0000'0000'0000;   // the quiet NaN
constexpr std::uint64_t kMissingLevel = 0x9e37'79b9'7f4a'7c15;  // any fixed number

std::uint64_t to_little_endian(std::uint64_t bits) {
  if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
  return bits;
}

/// One NaN; x + 0 makes −0 to +0 and changes nothing else.
std::uint64_t canonical(double x) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x + 0.0);
  return to_little_endian(x == x ? bits : kMissingBits);
}

std::uint64_t level_hash(double index, const LevelHashes& levels) {
  if (std::isnan(index)) return to_little_endian(kMissingLevel);
  const auto level = static_cast<std::size_t>(index);
  assert(level < levels.size());
  return to_little_endian(levels[level]);
}

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};
using State = std::unique_ptr<XXH3_state_t, FreeState>;

State new_state() {
  State state(XXH3_createState());
  XXH3_128bits_reset(state.get());
  return state;
}

Hash128 finish(const State& state) {
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return {hash.low64, hash.high64};
}

Hash128 hash_column(std::span<const double> values, const LevelHashes& levels) {
  const State state = new_state();
  std::array<std::uint64_t, kPieceValues> piece;
  for (std::size_t at = 0; at < values.size(); at += kPieceValues) {
    const auto part = values.subspan(at, std::min(kPieceValues, values.size() - at));
    if (levels.empty()) {
      std::transform(part.begin(), part.end(), piece.begin(), canonical);
    } else {
      std::transform(part.begin(), part.end(), piece.begin(), [&](double index) {
        return level_hash(index, levels);
      });
    }
    XXH3_128bits_update(state.get(), piece.data(), part.size_bytes());
  }
  return finish(state);
}

void add(const State& state, std::uint64_t number) {
  number = to_little_endian(number);
  XXH3_128bits_update(state.get(), &number, sizeof number);
}

}  // namespace

LevelHashes hash_levels(Table& table, std::size_t column) {
  LevelHashes hashes;
  if (table.columns()[column].kind == ColumnKind::numeric) return hashes;
  for (const std::string& level : table.levels(column)) {
    hashes.push_back(XXH3_64bits(level.data(), level.size()));
  }
  // A categorical column without levels has only missing values; it must not look numeric.
  if (hashes.empty()) hashes.push_back(kMissingLevel);
  return hashes;
}

std::vector<Hash128> digest_block(std::span<const LevelHashes> levels,
                                  const RowBlock& block) {
  assert(levels.size() == block.columns.size());
  std::vector<Hash128> hashes;
  for (std::size_t c = 0; c < block.columns.size(); ++c) {
    const auto count = static_cast<std::size_t>(block.num_rows);
    hashes.push_back(hash_column(std::span(block.columns[c]).first(count), levels[c]));
  }
  return hashes;
}

std::string combine_digests(std::span<const ColumnInfo> columns,
                            std::int64_t num_rows,
                            std::span<const Hash128> blocks) {
  std::vector<std::size_t> by_name(columns.size());
  std::iota(by_name.begin(), by_name.end(), std::size_t{0});
  std::sort(by_name.begin(), by_name.end(), [&](std::size_t a, std::size_t b) {
    return columns[a].name < columns[b].name;
  });
  const State state = new_state();
  add(state, static_cast<std::uint64_t>(num_rows));
  for (const std::size_t c : by_name) {
    add(state, columns[c].name.size());
    XXH3_128bits_update(state.get(), columns[c].name.data(), columns[c].name.size());
    add(state, columns[c].kind == ColumnKind::numeric ? 0 : 1);
    for (std::size_t b = c; b < blocks.size(); b += columns.size()) {
      add(state, blocks[b].low);
      add(state, blocks[b].high);
    }
  }
  const Hash128 hash = finish(state);
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

std::string digest(Table& table, std::span<const std::size_t> columns) {
  std::vector<ColumnInfo> infos;
  std::vector<LevelHashes> levels;
  for (const std::size_t column : columns) {
    infos.push_back(table.columns()[column]);
    levels.push_back(hash_levels(table, column));
  }
  std::vector<Hash128> blocks;
  RowBlock block;
  for (std::int64_t first = 0; first < table.num_rows(); first += kBlockRows) {
    table.read(first, std::min(kBlockRows, table.num_rows() - first), columns, block);
    const std::vector<Hash128> hashes = digest_block(levels, block);
    blocks.insert(blocks.end(), hashes.begin(), hashes.end());
  }
  return combine_digests(infos, table.num_rows(), blocks);
}

}  // namespace merit
