// SPDX-License-Identifier: MIT
#include "engine/simd/lanes_math.hpp"
#include "engine/simd/lanes_normal.hpp"
#include "tests/unit/simd/lanes_probe.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

using namespace testing;  // the names of the rows

void operations(const double* a_in,
                const double* b_in,
                const double* c_in,
                std::uint64_t* out) {
  const Lanes a = load(a_in), b = load(b_in), c = load(c_in);
  const IntLanes ia = bits_of(a), ib = bits_of(b);
  const auto put = [out](int row, IntLanes value) {
    std::int64_t words[kLanes];
    store(words, value);
    __builtin_memcpy(out + row * kLanes, words, sizeof words);
  };
  put(add, bits_of(a + b));
  put(subtract, bits_of(a - b));
  put(multiply, bits_of(a * b));
  put(divide, bits_of(a / b));
  put(negate, bits_of(-a));
  put(fused, bits_of(MERIT_SIMD_NAMESPACE::fma(a, b, c)));
  put(square_root, bits_of(MERIT_SIMD_NAMESPACE::sqrt(a)));
  put(absolute, bits_of(MERIT_SIMD_NAMESPACE::abs(a)));
  put(smaller, bits_of(min(a, b)));
  put(larger, bits_of(max(a, b)));
  put(less, a < b);
  put(less_equal, a <= b);
  put(greater, a > b);
  put(greater_equal, a >= b);
  put(selected, bits_of(select(a < b, b, c)));
  put(broadcast_first, bits_of(broadcast(a_in[0])));
  put(int_add, ia + ib);
  put(int_subtract, ia - ib);
  put(int_and, ia & ib);
  put(int_or, ia | ib);
  put(int_xor, ia ^ ib);
  put(int_not, ~ia);
  put(left, shift_left(ia, 7));
  put(right, shift_right(ia, 7));
  put(low_product, multiply_low32(ia, ib));
  put(counted, consecutive(-3));
  put(any_less, broadcast_int(any(a < b) ? 1 : 0));
}

void log_of(const double* x, std::int64_t count, double* y) {
  for (std::int64_t i = 0; i < count; i += kLanes)
    store(y + i, log(load(x + i)));
}

void exp_of(const double* x, std::int64_t count, double* y) {
  for (std::int64_t i = 0; i < count; i += kLanes)
    store(y + i, exp(load(x + i)));
}

void mills_of(const double* a, std::int64_t count, double* m) {
  for (std::int64_t i = 0; i < count; i += kLanes)
    store(m + i, mills_ratio(load(a + i)));
}

void normal_cdf_of(const double* x, std::int64_t count, double* p) {
  for (std::int64_t i = 0; i < count; i += kLanes)
    store(p + i, normal_cdf(load(x + i)));
}

void sincos_of(const double* t, std::int64_t count, double* sine, double* cosine) {
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const SinCos both = sincos_turns(load(t + i));
    store(sine + i, both.sine);
    store(cosine + i, both.cosine);
  }
}

}  // namespace

LanesProbe lanes_probe() {
  return {operations, log_of, sincos_of, exp_of, mills_of, normal_cdf_of};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
