// SPDX-License-Identifier: MIT
#include "engine/model/group_index.hpp"

#include <algorithm>
#include <cmath>

namespace merit {

GroupIndex::GroupIndex(const std::vector<double>& keys) {
  const auto num_keys = static_cast<std::ptrdiff_t>(keys.size());
  const double most = 4.0 * static_cast<double>(num_keys) + 1024.0;
  const bool small = std::all_of(keys.begin(), keys.end(), [&](double key) {
    return key >= 0.0 && key < most && key == std::floor(key);
  });
  if (small && num_keys > 0) {
    direct_.assign(static_cast<std::size_t>(keys.back()) + 1, kNone);
    for (std::ptrdiff_t i = 0; i < num_keys; ++i) {
      direct_[static_cast<std::size_t>(keys[static_cast<std::size_t>(i)])] = i;
    }
    return;
  }
  hashed_.reserve(keys.size());
  for (std::ptrdiff_t i = 0; i < num_keys; ++i) {
    hashed_.emplace(keys[static_cast<std::size_t>(i)], i);
  }
}

std::ptrdiff_t GroupIndex::find(double key) const {
  if (!direct_.empty()) {
    const bool inside =
        key >= 0.0 && key < static_cast<double>(direct_.size()) && key == std::floor(key);
    return inside ? direct_[static_cast<std::size_t>(key)] : kNone;
  }
  const auto found = hashed_.find(key);
  return found == hashed_.end() ? kNone : found->second;
}

}  // namespace merit
