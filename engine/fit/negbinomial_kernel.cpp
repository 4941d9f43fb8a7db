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
///
/// Response parts: y; rows that pad have 0.
class NegBinomial {
 public:
  static constexpr int kSlots = 1;
  static constexpr int kStates = 1;
  static constexpr bool kLinear = true;
  static constexpr bool kProducts = false;
  static constexpr std::int64_t kChain = 8;
  using State = StateOf<kStates>;
  using Extras = ExtrasOf<kSlots>;
  struct Row {
    Lanes y;
  };

  MERIT_INLINE NegBinomial(const double* extra, int)
      : theta_(exp(broadcast(extra[0]))), inverse_(exp(broadcast(-extra[0]))) {}
  MERIT_INLINE Row row(const QuadratureRows& rows, std::int64_t pack) const {
    return {load(rows.response[0] + pack * kLanes)};
  }
  MERIT_INLINE State state(Lanes eta, const Row&) const {
    return {{exp(eta) * inverse_}};  // μ/θ
  }
  MERIT_INLINE Lanes base(Lanes eta, const Row& row) const { return row.y * eta; }
  MERIT_INLINE Lanes slope(const Row& row) const { return row.y; }
  MERIT_INLINE void at_node(const State& state,
                            const Shift& shift,
                            const Row& row,
                            DensitySum& density,
                            Lanes& first,
                            Lanes& second) const {
    const Lanes ratio = state.part[0] * shift.factor;
    const Lanes sum = broadcast(1.0) + ratio;
    const Lanes q = ratio / sum;
    const Lanes weight = row.y + theta_;
    density.sum = fma(-weight, log_of(ratio, sum), density.sum);
    first = fma(-weight, q, row.y);
    second = weight * fma(q, q, -q);
  }
  MERIT_INLINE Derivatives derivatives(const State& state,
                                       const Shift& shift,
                                       const Row& row) const {
    const Lanes ratio = state.part[0] * shift.factor;
    const Lanes q = ratio / (broadcast(1.0) + ratio);
    const Lanes weight = row.y + theta_;
    const Lanes second = weight * fma(q, q, -q);
    return {
        fma(-weight, q, row.y), second, second * fma(broadcast(-2.0), q, broadcast(1.0))};
  }
  MERIT_INLINE IntLanes slot(const Row&, int, int) const { return broadcast_int(-1); }
  MERIT_INLINE void extras(const State& state,
                           const Shift& shift,
                           const Row& row,
                           Extras& out) const {
    const Lanes ratio = state.part[0] * shift.factor;
    const Lanes sum = broadcast(1.0) + ratio;
    const Lanes q = ratio / sum;
    const Lanes weight = row.y + theta_;
    const Lanes thetaL = theta_ * log_of(ratio, sum);
    const Lanes variance = q - q * q;
    const Lanes first = fma(-weight, q, row.y), second = -(weight * variance);
    out.first[0] = weight * q - thetaL;
    out.mixed[0] = q * first;
    out.mixed2[0] = variance * first + q * second;
    out.second[0][0] = fma(broadcast(2.0) * theta_, q, -thetaL) + second;
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
  return evaluate_quadrature<NegBinomial>;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
