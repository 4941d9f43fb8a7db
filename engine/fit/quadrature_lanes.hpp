// SPDX-License-Identifier: MIT
#pragma once

// K-point adaptive Gauss–Hermite quadrature, eight rows of a group at a time, for the
// *_kernel.cpp of the families. The formulas are in engine/fit/quadrature.hpp, what a family
// states in engine/fit/quadrature_family.hpp.

#include "engine/fit/quadrature_family.hpp"
#include "engine/fit/quadrature_gradient.hpp"
#include "engine/fit/quadrature_information.hpp"
#include "engine/fit/quadrature_integral.hpp"
#include "engine/fit/quadrature_weighted.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

template <class F>
MERIT_INLINE void add_group(QuadratureWork<F>& q, std::int64_t j, double count) {
  q.begin = q.rows.first_pack[j];
  q.size = q.rows.first_pack[j + 1] - q.begin;
  start_group(q);
  if (!find_mode(q, j)) {
    q.sums.finite = false;
    return;
  }
  place_nodes(q);
  visit_nodes(q);
  q.sums.log_likelihood = q.sums.log_likelihood + count * weigh_nodes(q);
  q.groups.curvature[j] = q.h;
  if (!q.wants_gradient()) return;
  add_rows(q, count);
  find_slopes(q);
  add_gradient(q, count);
  for (int a = 0; a < q.num_psi; ++a)
    q.groups.slope[j * q.num_psi + a] = q.slope1()[a] / q.h;
  if (q.wants_scores()) find_node_scores(q);
  if (q.wants_information()) add_information(q, count);
}

/// Totals over lanes into the results; the upper triangle from the lower.
template <class F>
MERIT_INLINE void add_totals(QuadratureWork<F>& q) {
  for (int a = 0; a < q.p + q.e; ++a)
    q.sums.gradient[a] = q.sums.gradient[a] + sum_of(load(q.total_gradient(a)));
  if (!q.wants_information()) return;
  const int P = q.num_psi;
  double* info = q.sums.information;
  const double* pair = q.total_products();
  for (int a = 0; a < q.p; ++a) {
    for (int b = 0; b <= a; ++b, pair += kLanes)
      info[a * P + b] = info[a * P + b] + sum_of(load(pair));
  }
  for (int e = 0; e < q.e; ++e) {
    double* row = info + (q.p + e) * P;
    for (int a = 0; a < q.p; ++a)
      row[a] = row[a] + sum_of(load(q.total_cross(e, a)));
    for (int f = 0; f <= e; ++f)
      row[q.p + f] = row[q.p + f] + sum_of(load(q.total_extra(e, f)));
  }
  for (int a = 0; a < P; ++a) {
    for (int b = 0; b < a; ++b)
      info[b * P + a] = info[a * P + b];
  }
}

/// The whole likelihood.
template <class F>
void evaluate(QuadratureWork<F>& q) {
  q.sums.finite = true;
  q.sums.log_likelihood = 0.0;
  if (q.wants_gradient()) {
    for (std::int64_t i = 0; i < q.num_totals; ++i)
      q.totals[i] = 0.0;
    for (int a = 0; a < q.num_psi; ++a)
      q.sums.gradient[a] = 0.0;
  }
  if (q.wants_information()) {
    for (int a = 0; a < q.num_psi * q.num_psi; ++a)
      q.sums.information[a] = 0.0;
  }
  q.chunk_begin = q.chunk_end = 0;
  for (std::int64_t j = 0; j < q.rows.num_groups && q.sums.finite; ++j) {
    const double count = q.rows.multiplicity == nullptr ? 1.0 : q.rows.multiplicity[j];
    if (count > 0.0) add_group(q, j, count);
  }
  if (!q.sums.finite) return;
  if (q.wants_gradient()) {
    flush_chunk(q);
    add_totals(q);
  }
}

template <class F>
void evaluate_quadrature(const QuadratureRows& rows,
                         const QuadratureRule& rule,
                         const double* psi,
                         int num_extra,
                         QuadratureDetail detail,
                         const GroupIntegrals& groups,
                         QuadratureSums& sums,
                         double* scratch) {
  if (rows.weight == nullptr) {
    QuadratureWork<F> work(rows, rule, psi, num_extra, detail, groups, sums, scratch);
    evaluate(work);
  } else {
    QuadratureWork<Weighted<F>> work(
        rows, rule, psi, num_extra, detail, groups, sums, scratch);
    evaluate(work);
  }
}

/// One group's f and f′: the points take the nodes' place.
template <class F>
void evaluate_intercept(const QuadratureRows& rows,
                        const double* psi,
                        int num_extra,
                        InterceptPoints& points,
                        double* scratch) {
  const QuadratureRule rule{points.count, kLanes, nullptr, nullptr, 0.0};
  const GroupIntegrals none{nullptr, nullptr, nullptr};
  QuadratureSums sums{0.0, nullptr, nullptr, true};
  QuadratureWork<F> q(
      rows, rule, psi, num_extra, QuadratureDetail::value, none, sums, scratch);
  q.begin = rows.first_pack[0];
  q.size = rows.first_pack[1] - q.begin;
  start_group(q);
  const Lanes v = load(points.v);
  shift_nodes(q, 0, v);
  visit_nodes(q);
  const Lanes tau = broadcast(q.tau);
  const Lanes f = fma(load(q.distance()), broadcast(q.linear), load(q.density())) +
                  broadcast(q.base) - broadcast(0.5) * v * v;
  store(points.density, f);
  store(points.slope, fma(tau, load(q.score()), -v));
}

/// What a family's file gives.
template <class F>
QuadratureKernel quadrature_kernel_of() {
  return {evaluate_quadrature<F>, evaluate_intercept<F>};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
