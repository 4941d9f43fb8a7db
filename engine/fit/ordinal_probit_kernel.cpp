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
class OrdinalProbit : public FamilyKernel<3, 2> {  // α, β at v = 0, y
 public:
  MERIT_INLINE OrdinalProbit(const double* threshold, int count)
      : threshold_(threshold), count_(count) {}
  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    // Rows that pad have no category.
    const Lanes y = select(response.trials > broadcast(0.0), response.y, broadcast(-9.0));
    State out{{broadcast(kFar), broadcast(-kFar), y}};
    for (int e = 0; e < count_; ++e) {
      const Lanes at = broadcast(threshold_[e]) - eta;
      out.part[0] = select(slot(out, 0, e), at, out.part[0]);
      out.part[1] = select(slot(out, 1, e), at, out.part[1]);
    }
    return out;
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Interval in(state, shift);
    LogDensity out;
    out.sum = in.log_probability();
    out.first = in.first;
    out.second = in.second;
    out.third = in.r - in.s + in.beta * in.s1 - in.alpha * in.r1 -
                broadcast(2.0) * in.first * in.second;
    return out;
  }
  MERIT_INLINE IntLanes slot(const State& state, int s, int e) const {
    const Lanes at = state.part[2] - broadcast(s + e);
    return (at > broadcast(-0.5)) & (at < broadcast(0.5));
  }
  MERIT_INLINE Extras extras(const State& state, const Shift& shift) const {
    const Interval at(state, shift);
    Extras out;
    out.first[0] = at.r;
    out.first[1] = -at.s;
    out.mixed[0] = at.r1;
    out.mixed[1] = -at.s1;
    out.mixed2[0] = (at.alpha - at.first) * at.r1 - at.r - at.r * at.second;
    out.mixed2[1] = at.s + at.s * at.second - (at.beta - at.first) * at.s1;
    out.second[0][0] = -(at.r * (at.alpha + at.r));
    out.second[1][1] = at.s * (at.beta - at.s);
    out.second[0][1] = out.second[1][0] = at.r * at.s;
    return out;
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
  return quadrature_kernel_of<OrdinalProbit>();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
