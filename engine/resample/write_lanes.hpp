// SPDX-License-Identifier: MIT
#pragma once

// Eight replicates, held lane by lane, to rows of estimates; for *_kernel.cpp.

#include "engine/resample/parametric_kernel.hpp"
#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// Writes one quantity of up to eight replicates at a time. Replicates without estimates
/// (not converged, or `failure` set) get NaN and their status.
class LaneWriter {
 public:
  MERIT_INLINE LaneWriter(const ReplicateSpan& out,
                          int p,
                          IntLanes converged,
                          IntLanes boundary,
                          IntLanes collinear = broadcast_int(0),
                          IntLanes degenerate = broadcast_int(0))
      : out_(out), p_(p), valid_(converged & ~collinear & ~degenerate) {
    // ReplicateStatus: 0 ok, 1 boundary, 2 not converged, 3 collinear, 4 degenerate.
    const IntLanes unfit = collinear | degenerate;
    const IntLanes status = (boundary & ~unfit & broadcast_int(1)) |
                            (~converged & ~unfit & broadcast_int(2)) |
                            (collinear & broadcast_int(3)) |
                            (degenerate & ~collinear & broadcast_int(4));
    std::int64_t codes[kLanes];
    store(codes, status);
    for (int lane = 0; lane < out.count; ++lane) {
      out.status[lane] = static_cast<std::uint8_t>(codes[lane]);
    }
  }

  MERIT_INLINE void estimate(int k, Lanes value) const {
    scatter(out_.estimate + k, p_ + 2, value);
  }
  MERIT_INLINE void std_error(int k, Lanes value) const {
    scatter(out_.std_error + k, p_ + 2, value);
  }
  MERIT_INLINE void log_likelihood(Lanes value) const {
    scatter(out_.log_likelihood, 1, value);
  }

 private:
  MERIT_INLINE void scatter(double* to, int stride, Lanes value) const {
    double values[kLanes];
    store(values, select(valid_, value, broadcast(__builtin_nan(""))));
    for (int lane = 0; lane < out_.count; ++lane)
      to[std::int64_t{lane} * stride] = values[lane];
  }

  const ReplicateSpan& out_;
  int p_;
  IntLanes valid_;
};

}  // namespace merit::MERIT_SIMD_NAMESPACE
