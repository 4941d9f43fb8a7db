// SPDX-License-Identifier: MIT
#include "engine/resample/tally_kernel.hpp"

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

MERIT_INLINE Lanes position(const TallyColumns& columns, int a, Lanes value) {
  return (value - load(columns.low + a)) * load(columns.per_unit + a);
}

MERIT_INLINE void add_to(double* sums, Lanes terms) {
  store(sums, load(sums) + terms);
}

void add(const TallyColumns& columns, const double* row, const TallySums& sums) {
  const Lanes zero = broadcast(0.0), one = broadcast(1.0);
  const Lanes last = broadcast(columns.num_bins - 1.0);
  const Lanes behind = broadcast(columns.num_bins);
  const std::int64_t stride = columns.num_bins + 1;
  for (int a = 0; a < columns.num_columns; a += kLanes) {
    const Lanes value = load(row + a);
    const IntLanes known = value <= value;  // not NaN
    const Lanes deviation = select(known, value - load(columns.origin + a), zero);
    const Lanes square = deviation * deviation;
    add_to(sums.power[0] + a, deviation);
    add_to(sums.power[1] + a, square);
    add_to(sums.power[2] + a, square * deviation);
    add_to(sums.power[3] + a, square * square);
    add_to(sums.below + a, select(value < load(columns.origin + a), one, zero));
    const IntLanes beyond = known & (abs(deviation) >= load(columns.far + a));
    add_to(sums.beyond + a, select(beyond, one, zero));
    double at[kLanes];
    store(at, select(known, max(zero, min(last, position(columns, a, value))), behind));
    const int left = columns.num_columns - a;
    for (int k = 0; k < (left < kLanes ? left : kLanes); ++k)
      ++sums.count[(a + k) * stride + static_cast<std::int64_t>(at[k])];
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
