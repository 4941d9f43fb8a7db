// SPDX-License-Identifier: MIT
#pragma once

// Elementary functions of eight lanes. The C library's exp, log and sin choose their
// instructions by processor and differ in the last bit between machines; these are the same
// polynomials everywhere. Errors against 60-digit arithmetic are in the unit test.

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// Natural logarithm of positive, normal numbers, error < 1 ulp (1.5 ulp next to 1).
///
/// x = 2^k m, m ∈ [√½, √2); log m = 2 atanh(s), s = (m − 1)/(m + 1), |s| < 0.1716, by its
/// series Σ 2 s^(2i+1)/(2i+1): eleven terms leave a remainder below 2^-58.
MERIT_FAST Lanes log(Lanes x) {
  const IntLanes bits = bits_of(x);
  // Adding 2^52·(1 − √½ mantissa) carries into the exponent exactly when m ≥ √2.
  const IntLanes shifted = bits + broadcast_int(0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  const IntLanes biased = shift_right(shifted, 52);  // k + 1023
  const IntLanes mantissa = bits - shift_left(biased - broadcast_int(1023), 52);
  // k as a double: k + 1023 in the low bits of 2^52, then both constants taken away.
  const Lanes k = from_bits(biased | broadcast_int(0x4330000000000000)) -
                  broadcast(4503599627370496.0 + 1023.0);
  const Lanes m = from_bits(mantissa);
  const Lanes f = m - broadcast(1.0);
  const Lanes s = f / (m + broadcast(1.0));
  const Lanes s2 = s * s;
  Lanes sum = broadcast(2.0 / 21.0);
  sum = fma(sum, s2, broadcast(2.0 / 19.0));
  sum = fma(sum, s2, broadcast(2.0 / 17.0));
  sum = fma(sum, s2, broadcast(2.0 / 15.0));
  sum = fma(sum, s2, broadcast(2.0 / 13.0));
  sum = fma(sum, s2, broadcast(2.0 / 11.0));
  sum = fma(sum, s2, broadcast(2.0 / 9.0));
  sum = fma(sum, s2, broadcast(2.0 / 7.0));
  sum = fma(sum, s2, broadcast(2.0 / 5.0));
  sum = fma(sum, s2, broadcast(2.0 / 3.0));
  // 2 s = f − s f exactly in real numbers; f is exact, so the rounding of s hardly counts.
  const Lanes tail = fma(sum * s2, s, -(s * f));
  const Lanes ln2_high = broadcast(0x1.62e42fefa3800p-1);
  const Lanes ln2_low = broadcast(0x1.ef35793c76730p-45);
  return fma(k, ln2_high, f + fma(k, ln2_low, tail));
}

/// e^x, relative error < 1 ulp for results that are normal numbers; x below −708 counts as
/// −708 (e^x = 3·10⁻³⁰⁸), above 709 as 709 (8·10³⁰⁷): neither 0 nor infinite.
///
/// x = k ln 2 + r, |r| ≤ ½ ln 2; e^r by its Taylor series up to r¹³ (remainder < 2^-57).
MERIT_FAST Lanes exp(Lanes x) {
  x = min(max(x, broadcast(-708.0)), broadcast(709.0));
  const Lanes rounder = broadcast(6755399441055744.0);  // 1.5 · 2^52
  const Lanes shifted = fma(x, broadcast(1.4426950408889634), rounder);
  const Lanes k = shifted - rounder;
  const Lanes ln2_high = broadcast(-0x1.62e42fefa3800p-1);
  const Lanes ln2_low = broadcast(-0x1.ef35793c76730p-45);
  const Lanes r = fma(k, ln2_low, fma(k, ln2_high, x));
  Lanes sum = broadcast(1.0 / 6227020800.0);  // 1/13!
  sum = fma(sum, r, broadcast(1.0 / 479001600.0));
  sum = fma(sum, r, broadcast(1.0 / 39916800.0));
  sum = fma(sum, r, broadcast(1.0 / 3628800.0));
  sum = fma(sum, r, broadcast(1.0 / 362880.0));
  sum = fma(sum, r, broadcast(1.0 / 40320.0));
  sum = fma(sum, r, broadcast(1.0 / 5040.0));
  sum = fma(sum, r, broadcast(1.0 / 720.0));
  sum = fma(sum, r, broadcast(1.0 / 120.0));
  sum = fma(sum, r, broadcast(1.0 / 24.0));
  sum = fma(sum, r, broadcast(1.0 / 6.0));
  sum = fma(sum, r, broadcast(0.5));
  sum = fma(sum * r, r, r) + broadcast(1.0);
  // k stands in the low bits of `shifted`; what is above them leaves at the top.
  return from_bits(bits_of(sum) + shift_left(bits_of(shifted), 52));
}

struct SinCos {
  Lanes sine;
  Lanes cosine;
};

/// sin(2πt) and cos(2πt) for t ∈ [0, 1], absolute error < 2^-52.
///
/// t is taken to the nearest quarter (exact), the rest is a Taylor series on [−π/4, π/4].
MERIT_FAST SinCos sincos_turns(Lanes t) {
  const Lanes rounder = broadcast(6755399441055744.0);  // 1.5 · 2^52
  const Lanes four_t = t * broadcast(4.0);
  const Lanes shifted = four_t + rounder;  // quarter number in the low bits
  const IntLanes quarter = bits_of(shifted);
  const Lanes rest = four_t - (shifted - rounder);       // [−½, ½] quarters
  const Lanes a = rest * broadcast(1.5707963267948966);  // radians
  const Lanes a2 = a * a;
  Lanes s = broadcast(-1.0 / 1307674368000.0);  // −1/15!
  s = fma(s, a2, broadcast(1.0 / 6227020800.0));
  s = fma(s, a2, broadcast(-1.0 / 39916800.0));
  s = fma(s, a2, broadcast(1.0 / 362880.0));
  s = fma(s, a2, broadcast(-1.0 / 5040.0));
  s = fma(s, a2, broadcast(1.0 / 120.0));
  s = fma(s, a2, broadcast(-1.0 / 6.0));
  s = fma(s * a2, a, a);
  Lanes c = broadcast(1.0 / 20922789888000.0);  // 1/16!
  c = fma(c, a2, broadcast(-1.0 / 87178291200.0));
  c = fma(c, a2, broadcast(1.0 / 479001600.0));
  c = fma(c, a2, broadcast(-1.0 / 3628800.0));
  c = fma(c, a2, broadcast(1.0 / 40320.0));
  c = fma(c, a2, broadcast(-1.0 / 720.0));
  c = fma(c, a2, broadcast(1.0 / 24.0));
  c = fma(c, a2, broadcast(-0.5));
  c = fma(c, a2, broadcast(1.0));
  // Odd quarters swap the two; the signs follow the quadrant.
  const IntLanes odd = broadcast_int(0) - (quarter & broadcast_int(1));
  const IntLanes sine_sign = shift_left(quarter & broadcast_int(2), 62);
  const IntLanes cosine_sign =
      shift_left((quarter + broadcast_int(1)) & broadcast_int(2), 62);
  return {from_bits(bits_of(select(odd, c, s)) ^ sine_sign),
          from_bits(bits_of(select(odd, s, c)) ^ cosine_sign)};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
