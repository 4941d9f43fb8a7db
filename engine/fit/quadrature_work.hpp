// SPDX-License-Identifier: MIT
#pragma once

// What an evaluation of the quadrature works on: its arguments, its arrays in the scratch
// memory, and the sums of the group at hand.

#include "engine/fit/quadrature_family.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

template <class F>
struct QuadratureWork {
  using State = typename F::State;
  /// Doubles per row: ℓ″ and ℓ‴ at the mode, the state.
  static constexpr int kPerPack = 2 + F::kStates;

  const QuadratureRows& rows;
  const QuadratureRule& rule;
  const F family;
  const double* psi;
  const double tau;
  const QuadratureDetail detail;
  const GroupIntegrals& groups;
  QuadratureSums& sums;
  const int p, e, num_psi;

  // Of the group at hand.
  std::int64_t begin = 0, size = 0;     // packs
  double base = 0.0, linear = 0.0;      // Σ_i of the parts of ℓ that need no node
  double v = 0.0, h = 1.0;              // v̂, −f″(v̂)
  double s1 = 0.0, s2 = 0.0, s3 = 0.0;  // Σ_i ℓ′, ℓ″, ℓ‴ at the mode
  // Packs that wait for X′r and X′WX.
  std::int64_t chunk_begin = 0, chunk_end = 0;

  double *node, *group, *states, *records, *chunk, *totals, *extra;
  std::int64_t chunk_stride, num_totals;

  MERIT_INLINE QuadratureWork(const QuadratureRows& all_rows,
                              const QuadratureRule& nodes,
                              const double* parameters,
                              int num_extra,
                              QuadratureDetail wanted,
                              const GroupIntegrals& of_groups,
                              QuadratureSums& results,
                              double* scratch)
      : rows(all_rows),
        rule(nodes),
        family(parameters + all_rows.num_fixed, num_extra),
        psi(parameters),
        tau(parameters[all_rows.num_fixed + num_extra]),
        detail(wanted),
        groups(of_groups),
        sums(results),
        p(all_rows.num_fixed),
        e(num_extra),
        num_psi(all_rows.num_fixed + num_extra + 1) {
    std::int64_t largest = 0;
    for (std::int64_t j = 0; j < rows.num_groups; ++j) {
      const std::int64_t n = rows.first_pack[j + 1] - rows.first_pack[j];
      largest = n > largest ? n : largest;
    }
    const QuadratureScratch sizes(p, e, rule.num_padded, largest);
    node = scratch + sizes.node;
    group = scratch + sizes.group;
    states = scratch + sizes.state;
    records = scratch + sizes.record;
    chunk = scratch + sizes.chunk;
    chunk_stride = sizes.chunk_stride;
    totals = scratch + sizes.totals;
    extra = scratch + sizes.extra;
    num_totals = sizes.num_totals;
  }

  MERIT_INLINE bool wants_gradient() const {
    return detail >= QuadratureDetail::gradient;
  }
  MERIT_INLINE bool wants_information() const {
    return detail >= QuadratureDetail::information;
  }
  MERIT_INLINE bool wants_scores() const {  // one or two nodes have no moments
    return detail == QuadratureDetail::full_information && rule.num_nodes >= 3;
  }

  // Arrays over the nodes.
  MERIT_INLINE double* value() const { return node; }                       // v_k
  MERIT_INLINE double* distance() const { return node + rule.num_padded; }  // τ v_k
  MERIT_INLINE double* factor() const { return node + 2 * rule.num_padded; }
  MERIT_INLINE double* inverse() const { return node + 3 * rule.num_padded; }
  MERIT_INLINE double* score() const { return node + 4 * rule.num_padded; }  // Σ_i ℓ′
  MERIT_INLINE double* density() const { return node + 5 * rule.num_padded; }  // Σ_i ℓ
  MERIT_INLINE double* weight() const { return node + 6 * rule.num_padded; }   // ω_k
  MERIT_INLINE double* score_sum(int k) const {
    return node + 7 * rule.num_padded + std::int64_t{k} * kLanes;
  }
  MERIT_INLINE double* density_sum(int k) const {
    return node + 15 * rule.num_padded + std::int64_t{k} * kLanes;
  }
  MERIT_INLINE Shift shift(int k) const {
    return {broadcast(distance()[k]), broadcast(factor()[k]), broadcast(inverse()[k])};
  }
  MERIT_INLINE Shift shift_to(double at) const {
    const Lanes far = broadcast(tau * at);
    return {far, exp(far), exp(-far)};
  }

  // Arrays over the parameters of one group.
  MERIT_INLINE double* slope1() const { return group; }            // b1
  MERIT_INLINE double* slope2() const { return group + num_psi; }  // b2
  MERIT_INLINE double* cross_moments() const { return group + 2 * num_psi; }
  MERIT_INLINE double* node_scores(int k) const { return group + (3 + k) * num_psi; }
  MERIT_INLINE double* extra_slope(int a) const {
    return extra + std::int64_t{a} * kLanes;
  }

  // Arrays over the packs of one group.
  MERIT_INLINE double* second(std::int64_t i) const {
    return states + i * kPerPack * kLanes;
  }
  MERIT_INLINE double* third(std::int64_t i) const {
    return states + (i * kPerPack + 1) * kLanes;
  }
  MERIT_INLINE State load_state(std::int64_t i) const {
    State state;
    for (int s = 0; s < F::kStates; ++s)
      state.part[s] = load(states + (i * kPerPack + 2 + s) * kLanes);
    return state;
  }
  MERIT_INLINE void store_state(std::int64_t i, const State& state) const {
    for (int s = 0; s < F::kStates; ++s)
      store(states + (i * kPerPack + 2 + s) * kLanes, state.part[s]);
  }
  MERIT_INLINE bool keeps_records() const {
    return size <= QuadratureScratch::kMostRecorded;
  }
  MERIT_INLINE double* record(std::int64_t i, int k) const {  // ℓ′ and ℓ″ at node k
    return records + (i * rule.num_nodes + k) * 2 * kLanes;
  }
  /// ℓ′ and ℓ″ at node k, kept or computed again: the same bits.
  MERIT_INLINE LogDensity at_node(std::int64_t i, int k) const {
    if (!keeps_records()) return family.at(load_state(i), shift(k));
    LogDensity out;
    out.first = load(record(i, k));
    out.second = load(record(i, k) + kLanes);
    out.third = broadcast(0.0);  // not kept
    return out;
  }

  // Arrays over the packs of the chunk.
  MERIT_INLINE double* residual(std::int64_t i) const { return chunk + i * kLanes; }
  MERIT_INLINE double* curvature(std::int64_t i) const {
    return chunk + chunk_stride + i * kLanes;
  }
  MERIT_INLINE double* cross(int a, std::int64_t i) const {
    return chunk + (2 + a) * chunk_stride + i * kLanes;
  }

  // Sums over all rows, lane by lane.
  MERIT_INLINE double* total_gradient(int a) const {
    return totals + std::int64_t{a} * kLanes;
  }
  MERIT_INLINE double* total_cross(int a, int b) const {
    return totals + (p + e + std::int64_t{a} * p + b) * kLanes;
  }
  MERIT_INLINE double* total_extra(int a, int b) const {
    return totals + (p + e + std::int64_t{e} * p + a * e + b) * kLanes;
  }
  MERIT_INLINE double* total_products() const {
    return totals + (p + e + std::int64_t{e} * p + e * e) * kLanes;
  }

  // Rows.
  MERIT_INLINE const double* x(std::int64_t pack) const {
    return rows.x + pack * p * kLanes;
  }
  /// The response of a pack; moves the η of rows that pad to where they add nothing.
  MERIT_INLINE Response response(std::int64_t pack, Lanes& eta) const {
    const Lanes none = broadcast(0.0), y = load(rows.y + pack * kLanes);
    const IntLanes real = y >= none;
    eta = select(real, eta, broadcast(kPadPredictor));
    const Lanes trials =
        rows.trials == nullptr ? broadcast(1.0) : load(rows.trials + pack * kLanes);
    const Lanes weight =
        rows.weight == nullptr ? broadcast(1.0) : load(rows.weight + pack * kLanes);
    return {
        select(real, y, none), select(real, trials, none), select(real, weight, none)};
  }

  /// Its exponential is next to nothing, its probit finite.
  static constexpr double kPadPredictor = -700.0;
};

}  // namespace merit::MERIT_SIMD_NAMESPACE
