// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// Counts with variance μ + μ²/θ (NB2), log link. With L = log(1 + μ/θ), q = μ/(θ + μ),
///
///     ℓ = yη − (y + θ) L + Σ_{m<y} log(1 + m/θ), less log y!
///     ℓ′ = y − (y + θ) q,    ℓ″ = −(y + θ) q (1 − q),    ℓ‴ = ℓ″ (1 − 2q)
///
/// The sum over m needs no intercept and no node: engine/fit/quadrature.cpp adds it. The
/// family's parameter is γ = log θ; without that sum
///
///     ∂ℓ/∂γ = (y + θ) q − θL,    ∂²ℓ/∂γ² = 2θq − θL − (y + θ) q (1 − q)
///     ∂ℓ′/∂γ = q ℓ′,    ∂ℓ″/∂γ = q (1 − q) ℓ′ + q ℓ″
class NegBinomial : public FamilyKernel<2, 1> {  // μ/θ, y
 public:
  static constexpr bool kLinear = true;

  MERIT_INLINE NegBinomial(const double* extra, int)
      : theta_(exp(broadcast(extra[0]))), inverse_(exp(broadcast(-extra[0]))) {}
  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    return {{exp(eta) * inverse_, response.y}};
  }
  MERIT_INLINE LinearPart linear(Lanes eta,
                                 const Response& response,
                                 const State&) const {
    return {response.y * eta, response.y};
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Lanes ratio = state.part[0] * shift.factor, y = state.part[1];
    const Lanes sum = broadcast(1.0) + ratio;
    const Lanes q = ratio / sum;
    const Lanes weight = y + theta_;
    LogDensity out;
    out.sum = -(weight * log_of(ratio, sum));
    out.first = fma(-weight, q, y);
    out.second = weight * fma(q, q, -q);
    out.third = out.second * fma(broadcast(-2.0), q, broadcast(1.0));
    return out;
  }
  MERIT_INLINE IntLanes slot(const State&, int, int) const { return broadcast_int(-1); }
  MERIT_INLINE Extras extras(const State& state, const Shift& shift) const {
    const Lanes ratio = state.part[0] * shift.factor, y = state.part[1];
    const Lanes sum = broadcast(1.0) + ratio;
    const Lanes q = ratio / sum;
    const Lanes weight = y + theta_;
    const Lanes thetaL = theta_ * log_of(ratio, sum);
    const Lanes variance = q - q * q;
    const Lanes first = fma(-weight, q, y), second = -(weight * variance);
    Extras out;
    out.first[0] = weight * q - thetaL;
    out.mixed[0] = q * first;
    out.mixed2[0] = variance * first + q * second;
    out.second[0][0] = fma(broadcast(2.0) * theta_, q, -thetaL) + second;
    return out;
  }

 private:
  /// log(1 + x) with the digits that 1 + x has lost: θ L counts for large θ.
  MERIT_INLINE static Lanes log_of(Lanes x, Lanes sum) {
    return log(sum) + (x - (sum - broadcast(1.0))) / sum;
  }

  Lanes theta_, inverse_;
};

}  // namespace

QuadratureKernel negbinomial_quadrature() {
  return quadrature_kernel_of<NegBinomial>();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
