// SPDX-License-Identifier: MIT
#pragma once

// Eight doubles that go in step: the unit in which replicates are computed.
//
// Sources named *_kernel.cpp are compiled once per instruction-set level, with
// MERIT_SIMD_LEVEL = 2, 3, 4 for x86-64-v2 (SSE), -v3 (AVX2, FMA), -v4 (AVX-512); each level
// lives in a namespace of its own. A pack is always eight lanes wide, whatever the
// registers hold (4 × 2, 2 × 4 or 1 × 8), every operation is one correctly rounded IEEE
// operation per lane, and fused multiply-adds are written out (the compiler contracts
// nothing). So all levels give the same bits, and a lane never depends on its neighbours.
//
// Kernel sources include nothing that could leave inline functions behind which the linker
// might share with code for older processors: no Eigen, no standard containers.

#include <cstdint>

#include <immintrin.h>

#ifndef MERIT_SIMD_LEVEL
#error "include this header from *_kernel.cpp only: they are compiled once per level"
#endif

#define MERIT_PASTE_(a, b) a##b
#define MERIT_PASTE(a, b) MERIT_PASTE_(a, b)
/// Namespace of the level being compiled: merit::simd_v2, merit::simd_v3, merit::simd_v4.
#define MERIT_SIMD_NAMESPACE MERIT_PASTE(simd_v, MERIT_SIMD_LEVEL)
#define MERIT_INLINE inline __attribute__((always_inline))
/// For what is long and called from several places: one copy per level.
#define MERIT_ONCE __attribute__((noinline))
/// Inlined where it pays: without fused multiply-adds (v2) it only makes the code large.
#if MERIT_SIMD_LEVEL == 2
#define MERIT_FAST inline MERIT_ONCE
#else
#define MERIT_FAST MERIT_INLINE
#endif

namespace merit::MERIT_SIMD_NAMESPACE {

inline constexpr int kLanes = 8;

#if MERIT_SIMD_LEVEL == 4
inline constexpr int kRegisterBytes = 64;
#elif MERIT_SIMD_LEVEL == 3
inline constexpr int kRegisterBytes = 32;
#else
inline constexpr int kRegisterBytes = 16;
#endif
inline constexpr int kParts = 64 / kRegisterBytes;

typedef double DoubleRegister __attribute__((vector_size(kRegisterBytes)));
typedef std::int64_t IntRegister __attribute__((vector_size(kRegisterBytes)));
typedef std::uint64_t UnsignedRegister __attribute__((vector_size(kRegisterBytes)));

/// Eight 64-bit integers; as a result of a comparison all ones (true) or zero per lane.
struct IntLanes {
  IntRegister part[kParts];
};

/// Eight doubles.
struct Lanes {
  DoubleRegister part[kParts];
};

#define MERIT_EACH_PART(expression)                          \
  _Pragma("GCC unroll 4") for (int i = 0; i < kParts; ++i) { \
    result.part[i] = (expression);                           \
  }                                                          \
  return result

MERIT_INLINE Lanes broadcast(double value) {
  Lanes result;
  MERIT_EACH_PART(value - DoubleRegister{});  // not 0 + value: that is +0 for −0
}
MERIT_INLINE IntLanes broadcast_int(std::int64_t value) {
  IntLanes result;
  MERIT_EACH_PART(IntRegister{} + value);
}
/// From eight consecutive doubles, at any address. Register by register: a copy of all 64
/// bytes would go through memory in smaller pieces, and wait for them.
MERIT_INLINE Lanes load(const double* from) {
  typedef DoubleRegister Unaligned __attribute__((aligned(8), may_alias));
  Lanes result;
  MERIT_EACH_PART(reinterpret_cast<const Unaligned*>(from)[i]);
}
/// From eight consecutive whole numbers.
MERIT_INLINE Lanes load(const std::int32_t* from) {
  typedef std::int32_t Narrow
      __attribute__((vector_size(kRegisterBytes / 2), aligned(4), may_alias));
  Lanes result;
  MERIT_EACH_PART(
      __builtin_convertvector(reinterpret_cast<const Narrow*>(from)[i], DoubleRegister));
}
MERIT_INLINE void store(double* to, Lanes a) {
  typedef DoubleRegister Unaligned __attribute__((aligned(8), may_alias));
  for (int i = 0; i < kParts; ++i)
    reinterpret_cast<Unaligned*>(to)[i] = a.part[i];
}
MERIT_INLINE void store(std::int64_t* to, IntLanes a) {
  typedef IntRegister Unaligned __attribute__((aligned(8), may_alias));
  for (int i = 0; i < kParts; ++i)
    reinterpret_cast<Unaligned*>(to)[i] = a.part[i];
}
/// first, first + 1, …, first + 7
MERIT_INLINE IntLanes consecutive(std::int64_t first) {
  const std::int64_t values[kLanes] = {
      first, first + 1, first + 2, first + 3, first + 4, first + 5, first + 6, first + 7};
  IntLanes result;
  __builtin_memcpy(&result, values, sizeof result);
  return result;
}

#define MERIT_BINARY(type, op)                    \
  MERIT_INLINE type operator op(type a, type b) { \
    type result;                                  \
    MERIT_EACH_PART(a.part[i] op b.part[i]);      \
  }
MERIT_BINARY(Lanes, +)
MERIT_BINARY(Lanes, -)
MERIT_BINARY(Lanes, *)
MERIT_BINARY(Lanes, /)
MERIT_BINARY(IntLanes, &)
MERIT_BINARY(IntLanes, |)
MERIT_BINARY(IntLanes, ^)
#undef MERIT_BINARY

/// Modulo 2^64.
MERIT_INLINE IntLanes operator+(IntLanes a, IntLanes b) {
  IntLanes result;
  MERIT_EACH_PART(
      (IntRegister)((UnsignedRegister)a.part[i] + (UnsignedRegister)b.part[i]));
}
MERIT_INLINE IntLanes operator-(IntLanes a, IntLanes b) {
  IntLanes result;
  MERIT_EACH_PART(
      (IntRegister)((UnsignedRegister)a.part[i] - (UnsignedRegister)b.part[i]));
}

#define MERIT_COMPARE(op)                                   \
  MERIT_INLINE IntLanes operator op(Lanes a, Lanes b) {     \
    IntLanes result;                                        \
    MERIT_EACH_PART((IntRegister)(a.part[i] op b.part[i])); \
  }
MERIT_COMPARE(<)
MERIT_COMPARE(<=)
MERIT_COMPARE(>)
MERIT_COMPARE(>=)
#undef MERIT_COMPARE

MERIT_INLINE Lanes operator-(Lanes a) {
  Lanes result;
  MERIT_EACH_PART(-a.part[i]);
}
MERIT_INLINE IntLanes operator~(IntLanes a) {
  IntLanes result;
  MERIT_EACH_PART(~a.part[i]);
}
MERIT_INLINE IntLanes shift_left(IntLanes a, int bits) {
  IntLanes result;
  MERIT_EACH_PART(a.part[i] << bits);
}
/// Zeros come in from the left.
MERIT_INLINE IntLanes shift_right(IntLanes a, int bits) {
  IntLanes result;
  MERIT_EACH_PART((IntRegister)((UnsignedRegister)a.part[i] >> bits));
}
MERIT_INLINE IntLanes bits_of(Lanes a) {
  IntLanes result;
  MERIT_EACH_PART((IntRegister)a.part[i]);
}
MERIT_INLINE Lanes from_bits(IntLanes a) {
  Lanes result;
  MERIT_EACH_PART((DoubleRegister)a.part[i]);
}

/// a·b + c, rounded once. Without the instruction (v2) the C library does it in software.
#if MERIT_SIMD_LEVEL == 2
MERIT_FAST Lanes fma(Lanes a, Lanes b, Lanes c) {
  Lanes result;
  for (int i = 0; i < kParts; ++i) {
    for (int k = 0; k < 2; ++k) {
      result.part[i][k] = __builtin_fma(a.part[i][k], b.part[i][k], c.part[i][k]);
    }
  }
  return result;
}
#else
MERIT_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) {
  Lanes result;
#if MERIT_SIMD_LEVEL == 4
  MERIT_EACH_PART(_mm512_fmadd_pd(a.part[i], b.part[i], c.part[i]));
#else
  MERIT_EACH_PART(_mm256_fmadd_pd(a.part[i], b.part[i], c.part[i]));
#endif
}
#endif

MERIT_INLINE Lanes sqrt(Lanes a) {
  Lanes result;
#if MERIT_SIMD_LEVEL == 4
  MERIT_EACH_PART(_mm512_maskz_sqrt_pd(0xff, a.part[i]));
#elif MERIT_SIMD_LEVEL == 3
  MERIT_EACH_PART(_mm256_sqrt_pd(a.part[i]));
#else
  MERIT_EACH_PART(_mm_sqrt_pd(a.part[i]));
#endif
}

/// Product of the low 32 bits of each lane, 64 bits wide.
MERIT_INLINE IntLanes multiply_low32(IntLanes a, IntLanes b) {
  IntLanes result;
#if MERIT_SIMD_LEVEL == 4
  MERIT_EACH_PART(
      (IntRegister)_mm512_maskz_mul_epu32(0xff, (__m512i)a.part[i], (__m512i)b.part[i]));
#elif MERIT_SIMD_LEVEL == 3
  MERIT_EACH_PART((IntRegister)_mm256_mul_epu32((__m256i)a.part[i], (__m256i)b.part[i]));
#else
  MERIT_EACH_PART((IntRegister)_mm_mul_epu32((__m128i)a.part[i], (__m128i)b.part[i]));
#endif
}

/// Per lane: a where the mask is all ones, b where it is zero.
MERIT_INLINE Lanes select(IntLanes mask, Lanes a, Lanes b) {
  return from_bits((mask & bits_of(a)) | (~mask & bits_of(b)));
}
MERIT_INLINE Lanes abs(Lanes a) {
  return from_bits(bits_of(a) & broadcast_int(INT64_MAX));
}
MERIT_INLINE Lanes min(Lanes a, Lanes b) {
  return select(a < b, a, b);
}
MERIT_INLINE Lanes max(Lanes a, Lanes b) {
  return select(a > b, a, b);
}

/// The eight lanes added up, in an order of its own: ((0+4)+(2+6)) + ((1+5)+(3+7)).
MERIT_INLINE double sum_of(Lanes a) {
  double lane[kLanes];
  store(lane, a);
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
         ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/// True if any lane of a mask is set.
MERIT_INLINE bool any(IntLanes mask) {
  IntRegister all = mask.part[0];
  for (int i = 1; i < kParts; ++i)
    all |= mask.part[i];
  std::int64_t bits = 0;
  for (int i = 0; i < kRegisterBytes / 8; ++i)
    bits |= all[i];
  return bits != 0;
}

#undef MERIT_EACH_PART

}  // namespace merit::MERIT_SIMD_NAMESPACE
