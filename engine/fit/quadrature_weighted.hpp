// SPDX-License-Identifier: MIT
#pragma once

// Any family with sampling weights: all that a row says, times its weight.

#include "engine/fit/quadrature_family.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// w ℓ for a family's ℓ. The weight is one more number of the row's state. No
/// products: powers of w would cost what they save.
template <class F>
struct Weighted : FamilyKernel<F::kStates + 1, F::kSlots> {
  using Base = FamilyKernel<F::kStates + 1, F::kSlots>;
  using State = typename Base::State;
  using Extras = typename Base::Extras;
  static constexpr bool kLinear = F::kLinear;

  MERIT_INLINE Weighted(const double* extra, int num_extra) : family(extra, num_extra) {}

  MERIT_INLINE State state(Lanes eta, const Response& response) const {
    const typename F::State of_family = family.state(eta, response);
    State out;
    for (int s = 0; s < F::kStates; ++s)
      out.part[s] = of_family.part[s];
    out.part[F::kStates] = response.weight;
    return out;
  }
  MERIT_INLINE LinearPart linear(Lanes eta,
                                 const Response& response,
                                 const State& state) const {
    const LinearPart part = family.linear(eta, response, own(state));
    return {part.base * response.weight, part.slope * response.weight};
  }
  MERIT_INLINE LogDensity at(const State& state, const Shift& shift) const {
    const Lanes weight = state.part[F::kStates];
    LogDensity d = family.at(own(state), shift);
    if constexpr (F::kProducts) d.sum = d.sum - log(d.product);
    d.product = broadcast(1.0);
    d.sum = d.sum * weight;
    d.first = d.first * weight;
    d.second = d.second * weight;
    d.third = d.third * weight;
    return d;
  }
  MERIT_INLINE IntLanes slot(const State& state, int q, int e) const {
    return family.slot(own(state), q, e);
  }
  MERIT_INLINE Extras extras(const State& state, const Shift& shift) const {
    const Lanes weight = state.part[F::kStates];
    Extras out = family.extras(own(state), shift);
    for (int q = 0; q < F::kSlots; ++q) {
      out.first[q] = out.first[q] * weight;
      out.mixed[q] = out.mixed[q] * weight;
      out.mixed2[q] = out.mixed2[q] * weight;
      for (int r = 0; r < F::kSlots; ++r)
        out.second[q][r] = out.second[q][r] * weight;
    }
    return out;
  }

 private:
  MERIT_INLINE static typename F::State own(const State& state) {
    typename F::State out;
    for (int s = 0; s < F::kStates; ++s)
      out.part[s] = state.part[s];
    return out;
  }

  F family;
};

}  // namespace merit::MERIT_SIMD_NAMESPACE
