// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"
#include "engine/simd/lanes_normal.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// y events in m trials, probit: ℓ = y log Φ(η) + (m − y) log Φ(−η), less log (m over y).
///
///     r = φ(η)/Φ(η),  s = φ(η)/Φ(−η):    r′ = −r (η + r),    s′ = s (s − η)
///     ℓ′ = y r − (m − y) s
struct BinomialProbit : FamilyKernel<3> {  // η, y, m − y
  using FamilyKernel::FamilyKernel;

  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    return {{eta, response.y, response.trials - response.y}};
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Lanes eta = state.part[0] + shift.distance;
    const Lanes events = state.part[1], nonevents = state.part[2];
    // The smaller side from its tail, the larger from 1 − tail.
    const IntLanes left = eta < broadcast(0.0);
    const Lanes mills = mills_ratio(abs(eta));
    const Lanes density = normal_density(eta);
    const Lanes rest = broadcast(1.0) - density * mills;
    const Lanes of_tail = broadcast(1.0) / mills, of_rest = density / rest;
    const Lanes r = select(left, of_tail, of_rest), s = select(left, of_rest, of_tail);
    const Lanes log_tail =
        fma(broadcast(-0.5) * eta, eta, broadcast(-kLogRootTwoPi)) + log(mills);
    const Lanes log_rest = log(rest);
    const Lanes r1 = -(r * (eta + r)), s1 = s * (s - eta);
    const Lanes r2 = -(r1 * (eta + r)) - r * (broadcast(1.0) + r1);
    const Lanes s2 = s1 * (s - eta) + s * (s1 - broadcast(1.0));
    LogDensity out;
    out.sum = events * select(left, log_tail, log_rest) +
              nonevents * select(left, log_rest, log_tail);
    out.first = events * r - nonevents * s;
    out.second = events * r1 - nonevents * s1;
    out.third = events * r2 - nonevents * s2;
    return out;
  }
};

}  // namespace

QuadratureKernel binomial_probit_quadrature() {
  return quadrature_kernel_of<BinomialProbit>();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
