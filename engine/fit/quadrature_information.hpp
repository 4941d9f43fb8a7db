// SPDX-License-Identifier: MIT
#pragma once

// One group's share of Louis' information, with scores to second order about the mode or
// with every node's.

#include "engine/fit/quadrature_work.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// E[v ∂²ℓ/∂η∂ψ] and E[v² ℓ″] with the rows' curvatures at every node.
template <class F>
MERIT_ONCE void find_cross_moments(QuadratureWork<F>& q) {
  const std::int64_t stride = std::int64_t{q.p} * kLanes;
  double* moments = q.cross_moments();
  Lanes squares = broadcast(0.0);
  for (std::int64_t i = 0; i < q.size; ++i) {  // q.third(i) has served: room for E[v ℓ″]
    Lanes once = broadcast(0.0);
    for (int k = 0; k < q.rule.num_nodes; ++k) {
      const Lanes vd = broadcast(q.weight()[k] * q.value()[k]) * q.at_node(i, k).second;
      once = once + vd;
      squares = fma(broadcast(q.value()[k]), vd, squares);
    }
    store(q.third(i), once);
  }
  for (int a = 0; a < q.p; ++a) {
    Lanes sum = broadcast(0.0);
    const double* column = q.x(q.begin) + std::int64_t{a} * kLanes;
    for (std::int64_t i = 0; i < q.size; ++i)
      sum = fma(load(column + i * stride), load(q.third(i)), sum);
    moments[a] = sum_of(sum);
  }
  moments[q.num_psi - 1] = sum_of(squares);
}

/// Scores and moments of the family's own parameters.
template <class F>
MERIT_ONCE void find_extra_scores(QuadratureWork<F>& q) {
  const Lanes none = broadcast(0.0);
  double* moments = q.cross_moments();
  for (int e = 0; e < q.e; ++e)
    moments[q.p + e] = 0.0;
  for (int k = 0; k < q.rule.num_nodes; ++k) {
    for (int e = 0; e < 2 * q.e; ++e)
      store(q.extra_slope(e), none);  // they have served: room for sums over rows
    const Shift to = q.shift(k);
    for (std::int64_t i = 0; i < q.size; ++i) {
      const typename F::State state = q.load_state(i);
      const typename F::Extras here = q.family.extras(state, to);
      for (int e = 0; e < q.e; ++e) {
        Lanes first = load(q.extra_slope(e)), mixed = load(q.extra_slope(q.e + e));
        for (int s = 0; s < F::kSlots; ++s) {
          const IntLanes mine = q.family.slot(state, s, e);
          first = first + select(mine, here.first[s], none);
          mixed = mixed + select(mine, here.mixed[s], none);
        }
        store(q.extra_slope(e), first);
        store(q.extra_slope(q.e + e), mixed);
      }
    }
    for (int e = 0; e < q.e; ++e) {
      q.node_scores(k)[q.p + e] = sum_of(load(q.extra_slope(e)));
      moments[q.p + e] = moments[q.p + e] + q.weight()[k] * q.value()[k] *
                                                sum_of(load(q.extra_slope(q.e + e)));
    }
  }
}

/// X′ of the rows' scores at every node.
template <class F>
MERIT_ONCE void find_node_scores(QuadratureWork<F>& q) {
  const std::int64_t stride = std::int64_t{q.p} * kLanes;
  for (int k = 0; k < q.rule.num_nodes; ++k) {
    double* scores = q.node_scores(k);
    const bool kept = q.keeps_records();
    for (std::int64_t i = 0; i < q.size && !kept; ++i)  // second(i) has served
      store(q.second(i), q.at_node(i, k).first);
    const double* first = kept ? q.record(0, k) : q.second(0);
    const std::int64_t step = kept ? q.record(1, k) - first : q.second(1) - first;
    for (int a = 0; a < q.p; ++a) {
      Lanes sum = broadcast(0.0);
      const double* column = q.x(q.begin) + std::int64_t{a} * kLanes;
      for (std::int64_t i = 0; i < q.size; ++i)
        sum = fma(load(column + i * stride), load(first + i * step), sum);
      scores[a] = sum_of(sum);
    }
    scores[q.num_psi - 1] = q.value()[k] * q.score()[k];
  }
  find_cross_moments(q);
  if constexpr (F::kSlots > 0) find_extra_scores(q);
}

/// − Cov of the scores at the nodes.
template <class F>
MERIT_ONCE void subtract_score_covariance(QuadratureWork<F>& q, double count) {
  const int P = q.num_psi;
  double* mean = q.node_scores(q.rule.num_nodes);
  for (int a = 0; a < P; ++a) {
    mean[a] = 0.0;
    for (int k = 0; k < q.rule.num_nodes; ++k)
      mean[a] = mean[a] + q.weight()[k] * q.node_scores(k)[a];
  }
  for (int k = 0; k < q.rule.num_nodes; ++k) {
    double* score = q.node_scores(k);
    for (int a = 0; a < P; ++a)
      score[a] = score[a] - mean[a];
    for (int a = 0; a < P; ++a) {
      const double scaled = count * q.weight()[k] * score[a];
      for (int b = 0; b <= a; ++b) {
        q.sums.information[a * P + b] = q.sums.information[a * P + b] - scaled * score[b];
      }
    }
  }
}

/// The group's share of Louis' information but X′WX: − Cov[score], and the row of τ.
template <class F>
MERIT_ONCE void add_information(QuadratureWork<F>& q, double count) {
  // Moments of v and of v S(v) under the nodes' weights.
  double mean_v = 0.0, mean_d = 0.0, mean_s = 0.0;
  for (int k = 0; k < q.rule.num_nodes; ++k) {
    const double d = q.value()[k] - q.v;
    mean_v = mean_v + q.weight()[k] * q.value()[k];
    mean_d = mean_d + q.weight()[k] * d * d;
    mean_s = mean_s + q.weight()[k] * q.value()[k] * q.score()[k];
  }
  double c11 = 0.0, c12 = 0.0, c22 = 0.0, c1s = 0.0, c2s = 0.0, css = 0.0;
  double mean_vd = 0.0, mean_vv = 0.0, mean_vvd = 0.0;
  for (int k = 0; k < q.rule.num_nodes; ++k) {
    const double omega = q.weight()[k], v = q.value()[k], d = v - q.v;
    const double d1 = v - mean_v, d2 = d * d - mean_d, ds = v * q.score()[k] - mean_s;
    c11 = c11 + omega * d1 * d1;
    c12 = c12 + omega * d1 * d2;
    c22 = c22 + omega * d2 * d2;
    c1s = c1s + omega * d1 * ds;
    c2s = c2s + omega * d2 * ds;
    css = css + omega * ds * ds;
    mean_vd = mean_vd + omega * v * d;
    mean_vv = mean_vv + omega * v * v;
    mean_vvd = mean_vvd + omega * v * v * d;
  }
  const int t = q.num_psi - 1;
  if (q.rule.num_nodes < 3) {  // too few to have moments: those of N(v̂, 1/h)
    c11 = 1.0 / q.h;
    c12 = 0.0;
    c22 = 2.0 / (q.h * q.h);
    c1s = q.slope1()[t] * c11;
    c2s = 0.5 * q.slope2()[t] * c22;
    css = q.slope1()[t] * c1s + 0.5 * q.slope2()[t] * c2s;
    mean_vd = 1.0 / q.h;
    mean_vv = q.v * q.v + 1.0 / q.h;
    mean_vvd = 2.0 * q.v / q.h;
  }
  double* info = q.sums.information;
  const int P = q.num_psi;
  if (q.wants_scores()) {
    subtract_score_covariance(q, count);
    for (int a = 0; a < P; ++a)
      info[t * P + a] = info[t * P + a] - count * q.cross_moments()[a];
    return;
  }
  for (int a = 0; a < t; ++a) {
    const double b1 = q.slope1()[a], b2 = 0.5 * q.slope2()[a];
    const double left = c11 * b1 + c12 * b2, right = c12 * b1 + c22 * b2;
    for (int b = 0; b <= a; ++b) {
      info[a * P + b] = info[a * P + b] -
                        count * (left * q.slope1()[b] + right * (0.5 * q.slope2()[b]));
    }
    info[t * P + a] = info[t * P + a] - count * (b1 * c1s + b2 * c2s);
  }
  info[t * P + t] = info[t * P + t] - count * css;
  // −E[∂²f/∂ψ∂τ] with ℓ″ at v as ℓ″ + τ ℓ‴ (v − v̂). b1 and b2 hold τ and τ².
  if (q.tau != 0.0) {
    for (int a = 0; a < t; ++a) {
      info[t * P + a] =
          info[t * P + a] -
          count * (q.slope1()[a] * mean_v + q.slope2()[a] * mean_vd) / q.tau;
    }
  }
  info[t * P + t] = info[t * P + t] - count * (q.s2 * mean_vv + q.tau * q.s3 * mean_vvd);
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
