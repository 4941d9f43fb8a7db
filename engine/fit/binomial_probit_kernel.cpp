// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"
#include "engine/simd/lanes_normal.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// y events in m trials, probit: ℓ = y log Φ(η) + (m − y) log Φ(−η), less log (m over y).
///
///     r = φ(η)/Φ(η),  s = φ(η)/Φ(−η):    r′ = −r (η + r),    s′ = s (s − η)
///     ℓ′ = y r − (m − y) s
///
/// Response parts: y, m; rows that pad have 0, 0.
class BinomialProbit {
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

  MERIT_INLINE BinomialProbit(const double*, int) {}
  MERIT_INLINE Row row(const QuadratureRows& rows, std::int64_t pack) const {
    const Lanes y = load(rows.response[0] + pack * kLanes);
    return {y, load(rows.response[1] + pack * kLanes) - y};
  }
  MERIT_INLINE State state(Lanes eta, const Row&) const { return {{eta}}; }
  MERIT_INLINE void at_node(const State& state,
                            const Shift& shift,
                            const Row& row,
                            DensitySum& density,
                            Lanes& first,
                            Lanes& second) const {
    const Lanes eta = state.part[0] + shift.distance;
    const Tails at(eta);
    // The logarithm of the smaller side from its tail, of the larger from 1 − tail.
    const Lanes log_tail =
        fma(broadcast(-0.5) * eta, eta, broadcast(-kLogRootTwoPi)) + log(at.mills);
    const Lanes log_rest = log(at.rest);
    density.sum = density.sum + row.events * select(at.left, log_tail, log_rest) +
                  row.nonevents * select(at.left, log_rest, log_tail);
    first = row.events * at.r - row.nonevents * at.s;
    second = -(row.events * at.r * (eta + at.r)) - row.nonevents * at.s * (at.s - eta);
  }
  MERIT_INLINE Derivatives derivatives(const State& state,
                                       const Shift& shift,
                                       const Row& row) const {
    const Lanes eta = state.part[0] + shift.distance;
    const Tails at(eta);
    const Lanes r1 = -(at.r * (eta + at.r)), s1 = at.s * (at.s - eta);
    const Lanes r2 = -(r1 * (eta + at.r)) - at.r * (broadcast(1.0) + r1);
    const Lanes s2 = s1 * (at.s - eta) + at.s * (s1 - broadcast(1.0));
    return {row.events * at.r - row.nonevents * at.s,
            row.events * r1 - row.nonevents * s1,
            row.events * r2 - row.nonevents * s2};
  }

 private:
  /// Both sides of η.
  struct Tails {
    MERIT_INLINE explicit Tails(Lanes eta) {
      left = eta < broadcast(0.0);
      mills = mills_ratio(abs(eta));
      const Lanes density = normal_density(eta);
      rest = broadcast(1.0) - density * mills;
      const Lanes of_tail = broadcast(1.0) / mills, of_rest = density / rest;
      r = select(left, of_tail, of_rest);
      s = select(left, of_rest, of_tail);
    }
    IntLanes left;
    Lanes mills, rest, r, s;
  };
};

}  // namespace

QuadratureKernel binomial_probit_quadrature() {
  return evaluate_quadrature<BinomialProbit>;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
