// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// Ordered categories 0 … C − 1 between thresholds θ_0 < … < θ_{C−2}, logit:
/// P(Y ≤ c) = F(θ_c − η). With u, l the thresholds above and below y, A = e^(θ_u − η) and
/// B = e^(θ_l − η), B = 0 for the lowest category,
///
///     ℓ = −η + log(e^θ_u − e^θ_l) − log(1 + A)(1 + B),    highest: ℓ = −log(1 + B), A = 0
///     a = A/(1 + A), b = B/(1 + B):    ℓ′ = a + b − 1 (highest: b),
///     ℓ″ = −a (1 − a) − b (1 − b),    ℓ‴ = a (1 − a)(1 − 2a) + b (1 − b)(1 − 2b)
///
/// and with w = A/(A − B):  ∂ℓ/∂θ_u = w − a,  ∂ℓ/∂θ_l = 1 − w − b (highest: −b).
class OrdinalLogit
    : public FamilyKernel<4, 2> {  // A, B at v = 0, y, whether θ_u is there
 public:
  static constexpr bool kLinear = true;
  static constexpr bool kProducts = true;
  static constexpr std::int64_t kChain = 4;

  MERIT_INLINE OrdinalLogit(const double* threshold, int count)
      : threshold_(threshold), count_(count) {}
  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    const Lanes none = broadcast(0.0), far = broadcast(-1e3);
    // Rows that pad have no category.
    const Lanes y = select(response.trials > none, response.y, broadcast(-9.0));
    const IntLanes inside = (y > broadcast(-0.5)) & (y < broadcast(count_ - 0.5));
    State out{{none, none, y, select(inside, broadcast(1.0), none)}};
    // Thresholds that are not there stand at −∞: their exponential is as good as 0.
    Lanes upper = broadcast(-1e4), lower = upper;
    for (int e = 0; e < count_; ++e) {
      const Lanes threshold = broadcast(threshold_[e]);
      upper = select(slot(out, 0, e), threshold, upper);
      lower = select(slot(out, 1, e), threshold, lower);
    }
    out.part[0] = select(upper < far, none, exp(upper - eta));
    out.part[1] = select(lower < far, none, exp(lower - eta));
    return out;
  }
  MERIT_INLINE LinearPart linear(Lanes, const Response&, const State& state) const {
    // −η + log(e^θ_u − e^θ_l) = log(A − B); of the highest category nothing.
    const Lanes bounded = state.part[3];
    const Lanes difference = state.part[0] - state.part[1];
    return {bounded * log(select(bounded > broadcast(0.0), difference, broadcast(1.0))),
            -bounded};
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Shares share(state, shift);
    LogDensity out;
    out.product = share.both;
    out.first = share.a + share.b - state.part[3];
    out.second = -(share.a1 + share.b1);
    out.third = share.a2() + share.b2();
    return out;
  }
  MERIT_INLINE IntLanes slot(const State& state, int s, int e) const {
    const Lanes at = state.part[2] - broadcast(s + e);
    return (at > broadcast(-0.5)) & (at < broadcast(0.5));
  }
  MERIT_INLINE Extras extras(const State& state, const Shift& shift) const {
    const Shares at(state, shift);
    const Lanes one = broadcast(1.0);
    const Lanes w = state.part[0] / (state.part[0] - state.part[1]);
    const IntLanes bounded = state.part[3] > broadcast(0.0);
    const Lanes below = select(bounded, one - w, broadcast(0.0));
    const Lanes product = select(bounded, w * (w - one), broadcast(0.0));  // −∂w/∂θ_u
    Extras out;
    out.first[0] = w - at.a;
    out.first[1] = below - at.b;
    out.mixed[0] = at.a1;
    out.mixed[1] = at.b1;
    out.mixed2[0] = -at.a2();
    out.mixed2[1] = -at.b2();
    out.second[0][0] = -product - at.a1;
    out.second[1][1] = -product - at.b1;
    out.second[0][1] = out.second[1][0] = product;
    return out;
  }

 private:
  /// a = A/(1 + A), b = B/(1 + B) with one division, and a (1 − a), b (1 − b).
  struct Shares {
    MERIT_INLINE Shares(const State& state, const Shift& shift) {
      // Capped so that products of four rows stay finite.
      const Lanes most = broadcast(0x1p100), one = broadcast(1.0);
      const Lanes A = min(state.part[0] * shift.inverse, most);
      const Lanes B = min(state.part[1] * shift.inverse, most);
      const Lanes with_a = one + A, with_b = one + B;
      both = with_a * with_b;
      const Lanes inverse = one / both;
      a = A * with_b * inverse;
      b = B * with_a * inverse;
      a1 = a - a * a;
      b1 = b - b * b;
    }
    MERIT_INLINE Lanes a2() const { return a1 * fma(broadcast(-2.0), a, broadcast(1.0)); }
    MERIT_INLINE Lanes b2() const { return b1 * fma(broadcast(-2.0), b, broadcast(1.0)); }
    Lanes both, a, b, a1, b1;
  };

  const double* threshold_;
  int count_;
};

}  // namespace

QuadratureKernel ordinal_logit_quadrature() {
  return quadrature_kernel_of<OrdinalLogit>();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
