// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <Random123/philox.h>

#include "engine/random/purpose.hpp"

namespace merit {

/// The random stream of one task, one number at a time: the same numbers as
/// engine/random/random_lanes.hpp makes for eight tasks. A pure function of
/// (seed, purpose, task); cheap to make, never shared or stored.
class Stream {
 public:
  Stream(std::uint64_t seed, Purpose purpose, std::int64_t task)
      : counter_{{0,
                  static_cast<std::uint32_t>(task),
                  static_cast<std::uint32_t>(static_cast<std::uint64_t>(task) >> 32),
                  static_cast<std::uint32_t>(purpose)}},
        key_{{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}} {
  }

  /// 64 random bits; a stream holds 2^33 of them before it would repeat.
  std::uint64_t bits() {
    if (half_ == 0) block_ = r123::Philox4x32{}(counter_, key_);
    const std::uint64_t word =
        half_ == 0 ? join(block_[0], block_[1]) : join(block_[2], block_[3]);
    if (half_ == 1) ++counter_[0];
    half_ ^= 1;
    return word;
  }

  /// Uniform on 0 … n−1 (n ≥ 1), the high word of n · bits: the bias is n/2^64.
  std::int64_t index(std::int64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>(
        (static_cast<Wide>(bits()) * static_cast<std::uint64_t>(n)) >> 64);
  }

 private:
  static std::uint64_t join(std::uint32_t low, std::uint32_t high) {
    return low | std::uint64_t{high} << 32;
  }

  r123::Philox4x32::ctr_type counter_;
  r123::Philox4x32::key_type key_;
  r123::Philox4x32::ctr_type block_{};
  int half_ = 0;
};

}  // namespace merit
