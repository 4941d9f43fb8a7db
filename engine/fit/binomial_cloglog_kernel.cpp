// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// y events in m trials, complementary log-log: an event has probability 1 − e^(−λ), λ = e^η.
/// ℓ = y log(1 − e^(−λ)) − (m − y) λ, less log (m over y).
///
///     A = λ/(e^λ − 1):    A′ = A (1 − λ − A),    ℓ′ = y A − (m − y) λ
struct BinomialCloglog : FamilyKernel<3> {  // λ, y, m − y
  using FamilyKernel::FamilyKernel;

  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    return {{exp(eta), response.y, response.trials - response.y}};
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Lanes events = state.part[1], nonevents = state.part[2];
    const Lanes lambda = min(state.part[0] * shift.factor, broadcast(0x1p115));
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
    const Lanes event =
        select(lambda < broadcast(0.0625), lambda * series, broadcast(1.0) - e);
    const Lanes ratio = lambda * e / event;
    const Lanes ratio1 = ratio * (broadcast(1.0) - lambda - ratio);
    const Lanes ratio2 =
        ratio1 * (broadcast(1.0) - lambda - ratio) - ratio * (lambda + ratio1);
    LogDensity out;
    out.sum = events * log(event) - nonevents * lambda;
    out.first = events * ratio - nonevents * lambda;
    out.second = events * ratio1 - nonevents * lambda;
    out.third = events * ratio2 - nonevents * lambda;
    return out;
  }
};

}  // namespace

QuadratureKernel binomial_cloglog_quadrature() {
  return quadrature_kernel_of<BinomialCloglog>();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
