// SPDX-License-Identifier: MIT
#include "engine/resample/strata.hpp"

#include <algorithm>
#include <numeric>

namespace merit {

Strata::Strata(std::int64_t num_groups, const std::vector<std::int32_t>& stratum) {
  const auto J = static_cast<std::size_t>(num_groups);
  member_.resize(J);
  std::iota(member_.begin(), member_.end(), 0);
  pool_.assign(J, {0, static_cast<std::int32_t>(num_groups)});
  if (stratum.empty()) return;
  const auto of = [&](std::int32_t group) {
    return stratum[static_cast<std::size_t>(group)];
  };
  std::stable_sort(member_.begin(), member_.end(), [&](std::int32_t a, std::int32_t b) {
    return of(a) < of(b);
  });
  for (std::size_t begin = 0, end = 0; begin < J; begin = end) {
    while (end < J && of(member_[end]) == of(member_[begin]))
      ++end;
    for (std::size_t at = begin; at < end; ++at) {
      pool_[static_cast<std::size_t>(member_[at])] = {
          static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end - begin)};
    }
  }
}

}  // namespace merit
