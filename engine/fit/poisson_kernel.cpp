// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// Counts, log link: ℓ = yη − μ with μ = e^η, less log y!. ℓ′ = y − μ, ℓ″ = ℓ‴ = −μ.
struct Poisson : FamilyKernel<2> {  // e^η, y
  static constexpr bool kLinear = true;
  using FamilyKernel::FamilyKernel;

  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    return {{exp(eta), response.y}};
  }
  MERIT_INLINE LinearPart linear(Lanes eta,
                                 const Response& response,
                                 const State&) const {
    return {response.y * eta, response.y};
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Lanes mu = state.part[0] * shift.factor;
    LogDensity out;
    out.sum = -mu;
    out.first = state.part[1] - mu;
    out.second = out.third = -mu;
    return out;
  }
};

}  // namespace

QuadratureKernel poisson_quadrature() {
  return quadrature_kernel_of<Poisson>();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
