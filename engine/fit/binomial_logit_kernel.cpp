// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// y events in m trials, logit: ℓ = yη − m log(1 + e^η), less log (m over y).
///
///     μ = e^η/(1 + e^η):    ℓ′ = y − mμ,    ℓ″ = −mμ(1 − μ),    ℓ‴ = −mμ(1 − μ)(1 − 2μ)
struct BinomialLogit : FamilyKernel<3> {  // e^η, y, m
  static constexpr bool kLinear = true;
  using FamilyKernel::FamilyKernel;

  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    return {{exp(eta), response.y, response.trials}};
  }
  MERIT_INLINE LinearPart linear(Lanes eta,
                                 const Response& response,
                                 const State&) const {
    return {response.y * eta, response.y};
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Lanes trials = state.part[2];
    const Lanes e = state.part[0] * shift.factor;
    const Lanes sum = e + broadcast(1.0);
    const Lanes mu = e / sum;
    LogDensity out;
    out.sum = -(trials * log(sum));
    out.first = fma(-trials, mu, state.part[1]);
    out.second = trials * fma(mu, mu, -mu);
    out.third = out.second * fma(broadcast(-2.0), mu, broadcast(1.0));
    return out;
  }
};

}  // namespace

QuadratureKernel binomial_logit_quadrature() {
  return quadrature_kernel_of<BinomialLogit>();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
