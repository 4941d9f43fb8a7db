// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// y ∈ {0, 1}, logit: ℓ = −log(1 + e^(s η)) with s = 1 − 2y, so that only rows that the model
/// does not expect have large factors, and products of eight of them do not overflow.
///
///     q = e^(sη)/(1 + e^(sη)):    ℓ′ = −s q,    ℓ″ = −q (1 − q),    ℓ‴ = −s q (1 − q)(1 − 2q)
///
/// Response parts: s; rows that pad have s = 1.
class BernoulliLogit {
 public:
  static constexpr int kSlots = 0;
  static constexpr int kStates = 1;
  static constexpr bool kLinear = false;
  static constexpr bool kProducts = true;
  static constexpr std::int64_t kChain = 8;
  using State = StateOf<kStates>;
  struct Row {
    Lanes sign;
  };

  MERIT_INLINE BernoulliLogit(const double*, int) {}
  MERIT_INLINE Row row(const QuadratureRows& rows, std::int64_t pack) const {
    return {load(rows.response[0] + pack * kLanes)};
  }
  MERIT_INLINE State state(Lanes eta, const Row& row) const {
    return {{exp(eta * row.sign)}};
  }
  MERIT_INLINE void at_node(const State& state,
                            const Shift& shift,
                            const Row& row,
                            DensitySum& density,
                            Lanes& first,
                            Lanes& second) const {
    const Lanes e = odds(state, shift, row);
    const Lanes sum = e + broadcast(1.0);
    const Lanes q = e / sum;
    density.product = density.product * sum;
    first = -(q * row.sign);
    second = fma(q, q, -q);
  }
  MERIT_INLINE Derivatives derivatives(const State& state,
                                       const Shift& shift,
                                       const Row& row) const {
    const Lanes e = odds(state, shift, row);
    const Lanes q = e / (e + broadcast(1.0));
    const Lanes second = fma(q, q, -q);
    return {-(q * row.sign),
            second,
            second * row.sign * fma(broadcast(-2.0), q, broadcast(1.0))};
  }

 private:
  /// At most 2^115, so that eight factors stay below 2^1024: a row whose log-density would
  /// be below −79.
  MERIT_INLINE static Lanes odds(const State& state, const Shift& shift, const Row& row) {
    const IntLanes positive = row.sign > broadcast(0.0);
    return min(state.part[0] * select(positive, shift.factor, shift.inverse),
               broadcast(0x1p115));
  }
};

}  // namespace

QuadratureKernel bernoulli_logit_quadrature() {
  return evaluate_quadrature<BernoulliLogit>;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
