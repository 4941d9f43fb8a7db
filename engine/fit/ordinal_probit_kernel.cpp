// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"
#include "engine/simd/lanes_normal.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// Ordered categories 0 … C − 1 between thresholds θ_0 < … < θ_{C−2}, probit:
/// P(Y ≤ c) = Φ(θ_c − η). With α = θ_u − η, β = θ_l − η of the thresholds above and below y
/// (±∞ beyond the ends), P = Φ(α) − Φ(β), r = φ(α)/P, s = φ(β)/P,
///
///     ℓ = log P,    ℓ′ = s − r,    r′ = r (α − ℓ′),    s′ = s (β − ℓ′)
///     ℓ″ = βs − αr − ℓ′²,    ℓ‴ = −s + βs′ + r − αr′ − 2ℓ′ℓ″
///     ∂ℓ/∂θ_u = r,    ∂ℓ/∂θ_l = −s
///
/// Response parts: y; rows that pad have −9.
class OrdinalProbit {
 public:
  static constexpr int kSlots = 2;  // u, l
  static constexpr int kStates = 2;
  static constexpr bool kLinear = false;
  static constexpr bool kProducts = false;
  static constexpr std::int64_t kChain = 8;
  using State = StateOf<kStates>;
  using Extras = ExtrasOf<kSlots>;
  struct Row {
    Lanes y;
  };

  MERIT_INLINE OrdinalProbit(const double* threshold, int count)
      : threshold_(threshold), count_(count) {}
  MERIT_INLINE Row row(const QuadratureRows& rows, std::int64_t pack) const {
    return {load(rows.response[0] + pack * kLanes)};
  }
  MERIT_INLINE State state(Lanes eta, const Row& row) const {
    Lanes alpha = broadcast(kFar), beta = broadcast(-kFar);
    for (int e = 0; e < count_; ++e) {
      const Lanes at = broadcast(threshold_[e]) - eta;
      alpha = select(slot(row, 0, e), at, alpha);
      beta = select(slot(row, 1, e), at, beta);
    }
    return {{alpha, beta}};
  }
  MERIT_INLINE void at_node(const State& state,
                            const Shift& shift,
                            const Row&,
                            DensitySum& density,
                            Lanes& first,
                            Lanes& second) const {
    const Interval at(state, shift);
    density.sum = density.sum + at.log_probability();
    first = at.first;
    second = at.second;
  }
  MERIT_INLINE Derivatives derivatives(const State& state,
                                       const Shift& shift,
                                       const Row&) const {
    const Interval at(state, shift);
    return {at.first,
            at.second,
            at.r - at.s + at.beta * at.s1 - at.alpha * at.r1 -
                broadcast(2.0) * at.first * at.second};
  }
  MERIT_INLINE IntLanes slot(const Row& row, int q, int e) const {
    const Lanes at = row.y - broadcast(q + e);
    return (at > broadcast(-0.5)) & (at < broadcast(0.5));
  }
  MERIT_INLINE void extras(const State& state,
                           const Shift& shift,
                           const Row&,
                           Extras& out) const {
    const Interval at(state, shift);
    out.first[0] = at.r;
    out.first[1] = -at.s;
    out.mixed[0] = at.r1;
    out.mixed[1] = -at.s1;
    out.mixed2[0] = (at.alpha - at.first) * at.r1 - at.r - at.r * at.second;
    out.mixed2[1] = at.s + at.s * at.second - (at.beta - at.first) * at.s1;
    out.second[0][0] = -(at.r * (at.alpha + at.r));
    out.second[1][1] = at.s * (at.beta - at.s);
    out.second[0][1] = out.second[1][0] = at.r * at.s;
  }

 private:
  static constexpr double kFar = 1e4;  // as good as infinity

  struct Interval {
    MERIT_INLINE Interval(const State& state, const Shift& shift) {
      alpha = state.part[0] - shift.distance;
      beta = state.part[1] - shift.distance;
      // Reflected so that the middle of (low, high) is not negative: |low| ≤ high.
      const IntLanes right = alpha + beta >= broadcast(0.0);
      const Lanes low = select(right, beta, -alpha), high = select(right, alpha, -beta);
      const Lanes of_high =
          exp(broadcast(0.5) * (low - high) * (low + high));  // φ(high)/φ(low)
      const Lanes m_low = mills_ratio(abs(low)), m_high = mills_ratio(high);
      const Lanes density = normal_density(low);
      const IntLanes tail = low >= broadcast(0.0);
      // P/φ(low) of an interval in the tail, P of one around 0.
      scaled = select(tail,
                      m_low - of_high * m_high,
                      broadcast(1.0) - density * (m_low + of_high * m_high));
      log_scale = select(tail,
                         fma(broadcast(-0.5) * low, low, broadcast(-kLogRootTwoPi)),
                         broadcast(0.0));
      const Lanes of_low = select(tail, broadcast(1.0), density) / scaled;
      const Lanes other = of_low * of_high;
      r = select(right, other, of_low);
      s = select(right, of_low, other);
      first = s - r;
      r1 = r * (alpha - first);
      s1 = s * (beta - first);
      second = beta * s - alpha * r - first * first;
    }
    MERIT_INLINE Lanes log_probability() const { return log_scale + log(scaled); }
    Lanes alpha, beta, scaled, log_scale, r, s, first, second, r1, s1;
  };

  const double* threshold_;
  int count_;
};

}  // namespace

QuadratureKernel ordinal_probit_quadrature() {
  return evaluate_quadrature<OrdinalProbit>;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
