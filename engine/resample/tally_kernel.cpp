// SPDX-License-Identifier: MIT
#include "engine/resample/tally_kernel.hpp"

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

MERIT_INLINE Lanes position(const TallyColumns& columns, int a, Lanes value) {
  return (value - load(columns.low + a)) * load(columns.per_unit + a);
}

void add(const TallyColumns& columns,
         const double* row,
         std::int64_t* count,
         double* first,
         double* second) {
  const Lanes last = broadcast(columns.num_bins - 1.0);
  for (int a = 0; a < columns.num_columns; a += kLanes) {
    const Lanes value = load(row + a);
    const Lanes deviation = value - load(columns.origin + a);
    store(first + a, load(first + a) + deviation);
    store(second + a, load(second + a) + deviation * deviation);
    double at[kLanes];
    store(at, max(broadcast(0.0), min(last, position(columns, a, value))));
    const int left = columns.num_columns - a;
    for (int k = 0; k < (left < kLanes ? left : kLanes); ++k)
      ++count[std::int64_t{a + k} * columns.num_bins + static_cast<std::int64_t>(at[k])];
  }
}

bool any_wanted(const TallyColumns& columns,
                const WantedBins& wanted,
                const double* row) {
  IntLanes found = broadcast_int(0);
  for (int a = 0; a < columns.num_columns; a += kLanes) {
    const Lanes at = position(columns, a, load(row + a));
    for (int range = 0; range < 2; ++range) {
      found = found | ((at >= load(wanted.first[range] + a)) &
                       (at < load(wanted.end[range] + a)));
    }
  }
  return any(found);
}

}  // namespace

TallyKernel tally_kernel() {
  return {add, any_wanted};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
