// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// y events in m trials, logit: ℓ = yη − m log(1 + e^η), less log (m over y).
///
///     μ = e^η/(1 + e^η):    ℓ′ = y − mμ,    ℓ″ = −mμ(1 − μ),    ℓ‴ = −mμ(1 − μ)(1 − 2μ)
///
/// Response parts: y, m; rows that pad have 0, 0.
class BinomialLogit {
 public:
  static constexpr int kSlots = 0;
  static constexpr int kStates = 1;
  static constexpr bool kLinear = true;
  static constexpr bool kProducts = false;
  static constexpr std::int64_t kChain = 8;
  using State = StateOf<kStates>;
  struct Row {
    Lanes y, trials;
  };

  MERIT_INLINE BinomialLogit(const double*, int) {}
  MERIT_INLINE Row row(const QuadratureRows& rows, std::int64_t pack) const {
    return {load(rows.response[0] + pack * kLanes),
            load(rows.response[1] + pack * kLanes)};
  }
  MERIT_INLINE State state(Lanes eta, const Row&) const { return {{exp(eta)}}; }
  MERIT_INLINE Lanes base(Lanes eta, const Row& row) const { return row.y * eta; }
  MERIT_INLINE Lanes slope(const Row& row) const { return row.y; }
  MERIT_INLINE void at_node(const State& state,
                            const Shift& shift,
                            const Row& row,
                            DensitySum& density,
                            Lanes& first,
                            Lanes& second) const {
    const Lanes e = state.part[0] * shift.factor;
    const Lanes sum = e + broadcast(1.0);
    const Lanes mu = e / sum;
    density.sum = fma(-row.trials, log(sum), density.sum);
    first = fma(-row.trials, mu, row.y);
    second = row.trials * fma(mu, mu, -mu);
  }
  MERIT_INLINE Derivatives derivatives(const State& state,
                                       const Shift& shift,
                                       const Row& row) const {
    const Lanes e = state.part[0] * shift.factor;
    const Lanes mu = e / (e + broadcast(1.0));
    const Lanes second = row.trials * fma(mu, mu, -mu);
    return {fma(-row.trials, mu, row.y),
            second,
            second * fma(broadcast(-2.0), mu, broadcast(1.0))};
  }
};

}  // namespace

QuadratureKernel binomial_logit_quadrature() {
  return evaluate_quadrature<BinomialLogit>;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
