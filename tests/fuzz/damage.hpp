// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

namespace merit::testing {

using Random = std::minstd_rand;

inline std::size_t below(std::size_t limit, Random& random) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

/// Overwrites a few bytes with what a damaged length, count, offset or flag may look like.
/// HDF5 is full of offsets, so bytes inserted or removed would leave nothing of a file.
inline void damage_once(std::uint8_t* data, std::size_t size, Random& random) {
  const std::array<std::uint64_t, 12> values = {0,
                                                1,
                                                2,
                                                0x7f,
                                                0xff,
                                                0xffff,
                                                0x7fff'ffff,
                                                0xffff'ffff,
                                                std::uint64_t{1} << 60,
                                                ~std::uint64_t{0},
                                                size,
                                                below(size, random)};
  std::uint64_t value = values[below(values.size(), random)];
  const std::size_t width = std::min(size, std::size_t{1} << below(4, random));
  const std::size_t at = below(size - width + 1, random);
  switch (below(4, random)) {
    case 0:
      data[at] ^= static_cast<std::uint8_t>(1U << below(8, random));
      return;
    case 1:
      std::memmove(data + at, data + below(size - width + 1, random), width);
      return;
    case 2:
      std::memcpy(&value, data + at, width);
      value += below(33, random) - 16;
      break;
    default:
      break;
  }
  std::memcpy(data + at, &value, width);  // little-endian
}

/// One, two, four or eight times.
inline void damage(std::uint8_t* data, std::size_t size, Random& random) {
  if (size == 0) return;
  const std::size_t times = std::size_t{1} << below(4, random);
  for (std::size_t i = 0; i < times; ++i)
    damage_once(data, size, random);
}

}  // namespace merit::testing
