// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

namespace merit {

/// Positions of group keys (level indices or whole or broken numbers) in a sorted list.
class GroupIndex {
 public:
  static constexpr std::ptrdiff_t kNone = -1;

  GroupIndex() = default;
  /// @param keys  ascending, distinct
  explicit GroupIndex(const std::vector<double>& keys);

  /// Position of `key`, or kNone (also for a missing key).
  std::ptrdiff_t find(double key) const;

 private:
  std::vector<std::ptrdiff_t> direct_;  // by key, where keys are small whole numbers
  std::unordered_map<double, std::ptrdiff_t> hashed_;
};

}  // namespace merit
