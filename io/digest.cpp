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

#include "engine/simd/level.hpp"
#include "io/xxh3_kernel.hpp"

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

/// One NaN.
std::uint64_t canonical(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
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

void update(const State& state, const void* bytes, std::size_t count) {
  static const auto kernel = at_level(highest_simd_level(),
                                      simd_v2::update_xxh3,
                                      simd_v3::update_xxh3,
                                      simd_v4::update_xxh3);
  kernel(state.get(), bytes, count);
}

/// Adds values that are not hashed as they are.
template <class Convert>
void add_converted(const State& state,
                   std::span<const double> values,
                   const Convert& convert) {
  std::array<std::uint64_t, kPieceValues> piece;
  for (std::size_t at = 0; at < values.size(); at += kPieceValues) {
    const auto part = values.subspan(at, std::min(kPieceValues, values.size() - at));
    std::transform(part.begin(), part.end(), piece.begin(), convert);
    update(state, piece.data(), part.size_bytes());
  }
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

struct BlockHasher::Column {
  const LevelHashes& levels;
  State state = new_state();
};

BlockHasher::BlockHasher(std::span<const LevelHashes> levels) {
  for (const LevelHashes& of_column : levels)
    columns_.push_back(Column{of_column});
}
BlockHasher::BlockHasher(BlockHasher&&) noexcept = default;
BlockHasher& BlockHasher::operator=(BlockHasher&&) noexcept = default;
BlockHasher::~BlockHasher() = default;

void BlockHasher::add(const RowBlock& strip) {
  assert(columns_.size() == strip.columns.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const auto& [levels, state] = columns_[c];
    const std::span<const double> values = strip.column(c);
    const bool is_numeric = levels.empty();
    if (is_numeric && strip.all_finite[c] != 0 &&
        std::endian::native == std::endian::little) {
      update(state, values.data(), values.size_bytes());
    } else if (is_numeric) {
      add_converted(state, values, canonical);
    } else {
      add_converted(state, values, [&levels = levels](double index) {
        return level_hash(index, levels);
      });
    }
  }
}

std::vector<Hash128> BlockHasher::take() {
  std::vector<Hash128> hashes;
  for (Column& column : columns_) {
    hashes.push_back(finish(column.state));
    XXH3_128bits_reset(column.state.get());
  }
  return hashes;
}

std::vector<Hash128> digest_block(std::span<const LevelHashes> levels,
                                  const RowBlock& block) {
  BlockHasher hasher(levels);
  hasher.add(block);
  return hasher.take();
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

std::string text_digest(std::string_view text) {
  const State state = new_state();
  XXH3_128bits_update(state.get(), text.data(), text.size());
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
  const auto reader = table.reader({columns.begin(), columns.end()});
  RowBlock block;
  for (std::int64_t first = 0; first < table.num_rows(); first += kBlockRows) {
    reader->read(first, std::min(kBlockRows, table.num_rows() - first), block);
    const std::vector<Hash128> hashes = digest_block(levels, block);
    blocks.insert(blocks.end(), hashes.begin(), hashes.end());
  }
  return combine_digests(infos, table.num_rows(), blocks);
}

}  // namespace merit
