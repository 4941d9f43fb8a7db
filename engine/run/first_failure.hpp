// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/run/agree.hpp"

namespace merit {

/// Of all failures noted, keeps that of the lowest block: what a plain loop would have met
/// first. Thread-safe.
class FirstFailure {
 public:
  void note(std::int64_t block, Failure failure) {
    const std::lock_guard lock(mutex_);
    if (failure_ && block >= block_) return;
    block_ = block;
    failure_ = std::move(failure);
  }
  std::optional<Failure> get() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  std::int64_t block() const {
    const std::lock_guard lock(mutex_);
    return block_;
  }

 private:
  mutable std::mutex mutex_;
  std::int64_t block_ = std::numeric_limits<std::int64_t>::max();
  std::optional<Failure> failure_;
};

/// For failures that belong to no block (sink, progress, options).
inline constexpr std::int64_t kNoBlock = std::numeric_limits<std::int64_t>::max();

}  // namespace merit
