// SPDX-License-Identifier: MIT
#include "engine/run/lease.hpp"

#include <algorithm>
#include <cmath>

namespace merit {

std::int64_t lease_blocks(const LeaseRequest& request,
                          std::int64_t blocks_left,
                          std::int64_t total_threads,
                          double lease_seconds) {
  const double threads = request.threads;
  const double wanted = request.block_seconds > 0.0
                            ? lease_seconds * threads / request.block_seconds
                            : threads;
  const double fair = 0.5 * static_cast<double>(blocks_left) * threads /
                      static_cast<double>(total_threads);
  const auto blocks = static_cast<std::int64_t>(std::min(wanted, fair));
  return std::min(blocks_left,
                  std::max({blocks, std::int64_t{request.idle}, std::int64_t{1}}));
}

std::int64_t low_water(int threads, double block_seconds) {
  constexpr double kLookAhead = 0.05;  // seconds
  constexpr double kLongBlock = 1.0;
  if (block_seconds <= 0.0 || block_seconds >= kLongBlock) return 0;
  return static_cast<std::int64_t>(std::ceil(kLookAhead * threads / block_seconds));
}

double message_seconds(int num_ranks) {
  constexpr double kLeast = 0.05;
  constexpr double kMessagesPerSecond = 5000.0;
  return std::max(kLeast, num_ranks / kMessagesPerSecond);
}

void BlockTimer::add(double seconds) {
  constexpr std::int64_t kMemory = 16;
  const std::lock_guard lock(mutex_);
  ++num_blocks_;
  total_ += seconds;
  mean_ += (seconds - mean_) / static_cast<double>(std::min(num_blocks_, kMemory));
}

double BlockTimer::mean() const {
  const std::lock_guard lock(mutex_);
  return mean_;
}

double BlockTimer::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

std::int64_t BlockTimer::num_blocks() const {
  const std::lock_guard lock(mutex_);
  return num_blocks_;
}

}  // namespace merit
