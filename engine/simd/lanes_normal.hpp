// SPDX-License-Identifier: MIT
#pragma once

// The standard normal distribution, eight numbers at a time. Errors against 60-digit
// arithmetic are in the unit test.

#include "engine/simd/lanes_math.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// Mills' ratio M(a) = (1 − Φ(a))/φ(a) for a ≥ 0, relative error < 4·10⁻¹⁶.
///
/// (1 + a) M(a) falls from 1.2533 to 1; as a function of t = (a − 4)/(a + 4) ∈ [−1, 1) it is
/// its Chebyshev interpolant at 26 points (made in 60-digit arithmetic; the next coefficients
/// are below 10⁻¹⁷), written in powers of t, whose coefficients' absolute values sum to 1.7.
MERIT_FAST Lanes mills_ratio(Lanes a) {
  constexpr double kCoefficients[] = {
      0x1.1dfbe13acffb7p-31,  0x1.ef507cfaf77b5p-32,  -0x1.53f08ab87524bp-28,
      -0x1.c3fc928625993p-28, 0x1.8562cd1b8f963p-26,  0x1.b484ef7a7dd36p-25,
      -0x1.fc52701d624c9p-25, -0x1.3426fe69e6393p-22, 0x1.8710dfac24124p-27,
      0x1.75586576f305bp-20,  0x1.0f05eea6b8e6fp-20,  -0x1.b7ca64a965b3ap-18,
      -0x1.209f9ffe21731p-17, 0x1.1e8b8732c3f4ap-15,  0x1.bed2eef9a4891p-15,
      -0x1.cdd356d99928ap-13, -0x1.f06622fcf414fp-13, 0x1.c89d7e15852c1p-10,
      -0x1.775d4f027f165p-11, -0x1.9ae19ffc4d33fp-7,  0x1.704e20a1b4e79p-5,
      -0x1.4a947b618c570p-4,  0x1.25a4eb031bf9ap-4,   0x1.1f7901bed4199p-5,
      -0x1.f06f3d0b9e634p-3,  0x1.2eea40b9abcabp+0};
  const Lanes t = (a - broadcast(4.0)) / (a + broadcast(4.0));
  Lanes sum = broadcast(kCoefficients[0]);
#pragma GCC unroll 26
  for (int i = 1; i < 26; ++i)
    sum = fma(sum, t, broadcast(kCoefficients[i]));
  return sum / (broadcast(1.0) + a);
}

inline constexpr double kLogRootTwoPi = 0.9189385332046728;  // log √(2π)

/// φ(x); next to 0 for |x| > 37.
MERIT_INLINE Lanes normal_density(Lanes x) {
  return exp(fma(broadcast(-0.5) * x, x, broadcast(-kLogRootTwoPi)));
}

/// Φ(x).
MERIT_INLINE Lanes normal_cdf(Lanes x) {
  const Lanes a = abs(x);
  const Lanes tail = normal_density(x) * mills_ratio(a);
  return select(x < broadcast(0.0), tail, broadcast(1.0) - tail);
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
