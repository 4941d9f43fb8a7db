// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/resample/scheme.hpp"
#include "tests/support/simd_levels.hpp"

namespace merit::testing {

inline ReplicateRows make(const Scheme& scheme, std::int64_t first, std::int64_t count) {
  ReplicateRows rows;
  scheme.make(first, count, rows);
  return rows;
}

/// Rows of several calls, one after the other.
inline ReplicateRows join(const std::vector<ReplicateRows>& parts) {
  ReplicateRows all;
  all.num_estimates = parts.front().num_estimates;
  all.num_std_errors = parts.front().num_std_errors;
  all.num_shares = parts.front().num_shares;
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  for (const ReplicateRows& part : parts) {
    all.count += part.count;
    append(all.estimate, part.estimate);
    append(all.std_error, part.std_error);
    append(all.inner_share, part.inner_share);
    append(all.log_likelihood, part.log_likelihood);
    append(all.status, part.status);
  }
  return all;
}

/// Whether the scheme gives the same bytes for replicates 3 … 102 however they are cut.
inline bool cuts_change_nothing(const Scheme& scheme) {
  const std::vector<std::byte> whole = pack(make(scheme, 3, 100));
  const std::vector<std::vector<std::int64_t>> cuts = {
      {3, 4, 103}, {3, 8, 16, 24, 103}, {3, 50, 57, 58, 102, 103}};
  for (const auto& cut : cuts) {
    std::vector<ReplicateRows> parts;
    for (std::size_t i = 0; i + 1 < cut.size(); ++i)
      parts.push_back(make(scheme, cut[i], cut[i + 1] - cut[i]));
    if (pack(join(parts)) != whole) return false;
  }
  std::vector<ReplicateRows> singles;
  for (std::int64_t r = 3; r < 103; ++r)
    singles.push_back(make(scheme, r, 1));
  return pack(join(singles)) == whole;
}

/// Whether all instruction-set levels give the same bytes; `at` makes a scheme for a level.
template <class At>
bool levels_change_nothing(At at) {
  const std::vector<std::byte> reference =
      pack(make(*at(SimdLevel::v2), 1'000'000'000'000, 100));
  for (const SimdLevel level : simd_levels()) {
    if (pack(make(*at(level), 1'000'000'000'000, 100)) != reference) return false;
  }
  return true;
}

}  // namespace merit::testing
