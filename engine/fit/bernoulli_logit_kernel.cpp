// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// y ∈ {0, 1}, logit: ℓ = −log(1 + e^(s η)) with s = 1 − 2y, so that only rows that the model
/// does not expect have large factors, and products of eight of them do not overflow.
///
///     q = e^(sη)/(1 + e^(sη)):    ℓ′ = −s q,    ℓ″ = −q (1 − q),    ℓ‴ = −s q (1 − q)(1 − 2q)
struct BernoulliLogit : FamilyKernel<2> {  // e^(sη), s
  static constexpr bool kProducts = true;
  using FamilyKernel::FamilyKernel;

  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    const Lanes sign = fma(broadcast(-2.0), response.y, broadcast(1.0));
    return {{exp(eta * sign), sign}};
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Lanes sign = state.part[1];
    const IntLanes positive = sign > broadcast(0.0);
    // At most 2^115, so that eight factors stay below 2^1024: a row whose log-density would
    // be below −79.
    const Lanes e = min(state.part[0] * select(positive, shift.factor, shift.inverse),
                        broadcast(0x1p115));
    const Lanes sum = e + broadcast(1.0);
    const Lanes q = e / sum;
    LogDensity out;
    out.product = sum;
    out.first = -(q * sign);
    out.second = fma(q, q, -q);
    out.third = out.second * sign * fma(broadcast(-2.0), q, broadcast(1.0));
    return out;
  }
};

}  // namespace

QuadratureKernel bernoulli_logit_quadrature() {
  return quadrature_kernel_of<BernoulliLogit>();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
