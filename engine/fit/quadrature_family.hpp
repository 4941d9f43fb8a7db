// SPDX-License-Identifier: MIT
#pragma once

// What a family is to the quadrature, for its <name>_kernel.cpp: its log-density and the
// derivatives in the linear predictor, for eight rows at a time.

#include "engine/fit/quadrature_kernel.hpp"
#include "engine/simd/lanes_math.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// The response of eight rows, and their sampling weights; all are 0 in rows that pad.
struct Response {
  Lanes y, trials, weight;
};

/// The intercept τv of a node, and its exponential: what moves a row's state there.
struct Shift {
  Lanes distance, factor, inverse;  // τv, e^(τv), e^(−τv)
};

/// log-density ℓ = sum + log(1/product) and its derivatives in the linear predictor. What is
/// not asked for is not computed: the compiler drops it.
struct LogDensity {
  Lanes sum = broadcast(0.0), product = broadcast(1.0);
  Lanes first, second, third;
};

/// The part of ℓ that is linear in τv, and would only be added up again at every node.
struct LinearPart {
  Lanes base, slope;  // base + slope τv
};

/// What a family keeps of a pack of rows, N ≤ kMostStates numbers each.
template <int N>
struct StateOf {
  Lanes part[N];
};

/// Derivatives in the parameters γ_q that a row's slots point to: ∂ℓ/∂γ_q, ∂ℓ′/∂γ_q,
/// ∂ℓ″/∂γ_q and ∂²ℓ/∂γ_q∂γ_r.
template <int N>
struct ExtrasOf {
  Lanes first[N], mixed[N], mixed2[N], second[N][N];

  MERIT_INLINE void clear() {
    for (int q = 0; q < N; ++q) {
      first[q] = mixed[q] = mixed2[q] = broadcast(0.0);
      for (int r = 0; r < N; ++r)
        second[q][r] = broadcast(0.0);
    }
  }
  MERIT_INLINE void add(Lanes weight, const ExtrasOf& other) {
    for (int q = 0; q < N; ++q) {
      first[q] = fma(weight, other.first[q], first[q]);
      mixed[q] = fma(weight, other.mixed[q], mixed[q]);
      for (int r = 0; r < N; ++r)
        second[q][r] = fma(weight, other.second[q][r], second[q][r]);
    }
  }
};

/// A family derives from this and states
///
///     F(extra, num_extra)          its own parameters γ (log dispersion, thresholds), if any
///     State state(eta, response)   what it keeps of rows at v = 0, e.g. e^η and y
///     LogDensity at(state, shift)  ℓ, ℓ′, ℓ″ and ℓ‴ at η + τv
///
/// of rows that pad (η is far below 0 there, y = trials = 0) next to nothing, and where it pays
///
///     kLinear, linear(eta, response, state)     a part of ℓ that at() then leaves out
///     kProducts, kChain                         at() gives products, whose logarithm is taken
///                                               once every kChain packs; they must not overflow
///     slot(state, q, e), extras(state, shift)   derivatives in γ: slot q of a row belongs to
///                                               parameter e where the mask is set
template <int NumStates, int NumSlots = 0>
struct FamilyKernel {
  static constexpr int kStates = NumStates, kSlots = NumSlots;
  static_assert(kStates <= kMostStates);
  static constexpr bool kLinear = false, kProducts = false;
  static constexpr std::int64_t kChain = 8;
  using State = StateOf<kStates>;
  using Extras = ExtrasOf<kSlots == 0 ? 1 : kSlots>;

  FamilyKernel() = default;
  MERIT_INLINE FamilyKernel(const double*, int) {}
};

}  // namespace merit::MERIT_SIMD_NAMESPACE
