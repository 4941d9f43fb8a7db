// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// Counts, log link: ℓ = yη − μ with μ = e^η, less log y!. ℓ′ = y − μ, ℓ″ = ℓ‴ = −μ.
///
/// Response parts: y; rows that pad have 0.
class Poisson {
 public:
  static constexpr int kSlots = 0;
  static constexpr int kStates = 1;
  static constexpr bool kLinear = true;
  static constexpr bool kProducts = false;
  static constexpr std::int64_t kChain = 8;
  using State = StateOf<kStates>;
  struct Row {
    Lanes y;
  };

  MERIT_INLINE Poisson(const double*, int) {}
  MERIT_INLINE Row row(const QuadratureRows& rows, std::int64_t pack) const {
    return {load(rows.response[0] + pack * kLanes)};
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
    const Lanes mu = state.part[0] * shift.factor;
    density.sum = density.sum - mu;
    first = row.y - mu;
    second = -mu;
  }
  MERIT_INLINE Derivatives derivatives(const State& state,
                                       const Shift& shift,
                                       const Row& row) const {
    const Lanes mu = state.part[0] * shift.factor;
    return {row.y - mu, -mu, -mu};
  }
};

}  // namespace

QuadratureKernel poisson_quadrature() {
  return evaluate_quadrature<Poisson>;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
