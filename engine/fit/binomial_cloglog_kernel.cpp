// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// y events in m trials, complementary log-log: an event has probability 1 − e^(−λ), λ = e^η.
/// ℓ = y log(1 − e^(−λ)) − (m − y) λ, less log (m over y).
///
///     A = λ/(e^λ − 1):    A′ = A (1 − λ − A),    ℓ′ = y A − (m − y) λ
///
/// Response parts: y, m; rows that pad have 0, 0.
class BinomialCloglog {
 public:
  static constexpr int kSlots = 0;
  static constexpr int kStates = 1;
  static constexpr bool kLinear = false;
  static constexpr bool kProducts = false;
  static constexpr std::int64_t kChain = 8;
  using State = StateOf<kStates>;
  struct Row {
    Lanes events, nonevents;
  };

  MERIT_INLINE BinomialCloglog(const double*, int) {}
  MERIT_INLINE Row row(const QuadratureRows& rows, std::int64_t pack) const {
    const Lanes y = load(rows.response[0] + pack * kLanes);
    return {y, load(rows.response[1] + pack * kLanes) - y};
  }
  MERIT_INLINE State state(Lanes eta, const Row&) const { return {{exp(eta)}}; }
  MERIT_INLINE void at_node(const State& state,
                            const Shift& shift,
                            const Row& row,
                            DensitySum& density,
                            Lanes& first,
                            Lanes& second) const {
    const Hazard at(state, shift);
    density.sum = density.sum + row.events * log(at.event) - row.nonevents * at.lambda;
    first = row.events * at.ratio - row.nonevents * at.lambda;
    second = row.events * at.ratio1 - row.nonevents * at.lambda;
  }
  MERIT_INLINE Derivatives derivatives(const State& state,
                                       const Shift& shift,
                                       const Row& row) const {
    const Hazard at(state, shift);
    const Lanes ratio2 = at.ratio1 * (broadcast(1.0) - at.lambda - at.ratio) -
                         at.ratio * (at.lambda + at.ratio1);
    return {row.events * at.ratio - row.nonevents * at.lambda,
            row.events * at.ratio1 - row.nonevents * at.lambda,
            row.events * ratio2 - row.nonevents * at.lambda};
  }

 private:
  struct Hazard {
    MERIT_INLINE Hazard(const State& state, const Shift& shift) {
      // Beyond e^80 the log-density is lost anyway, and squares must stay finite.
      lambda = min(state.part[0] * shift.factor, broadcast(0x1p115));
      const Lanes e = exp(-lambda);
      // 1 − e^(−λ), for small λ by its series up to λ⁹ (remainder < 2^-57 below 1/16).
      Lanes series = broadcast(1.0 / 362880.0);
      series = fma(series, -lambda, broadcast(1.0 / 40320.0));
      series = fma(series, -lambda, broadcast(1.0 / 5040.0));
      series = fma(series, -lambda, broadcast(1.0 / 720.0));
      series = fma(series, -lambda, broadcast(1.0 / 120.0));
      series = fma(series, -lambda, broadcast(1.0 / 24.0));
      series = fma(series, -lambda, broadcast(1.0 / 6.0));
      series = fma(series, -lambda, broadcast(0.5));
      series = fma(series, -lambda, broadcast(1.0));
      event = select(lambda < broadcast(0.0625), lambda * series, broadcast(1.0) - e);
      ratio = lambda * e / event;
      ratio1 = ratio * (broadcast(1.0) - lambda - ratio);
    }
    Lanes lambda, event, ratio, ratio1;  // λ, 1 − e^(−λ), A, A′
  };
};

}  // namespace

QuadratureKernel binomial_cloglog_quadrature() {
  return evaluate_quadrature<BinomialCloglog>;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
