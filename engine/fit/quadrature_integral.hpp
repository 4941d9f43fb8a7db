// SPDX-License-Identifier: MIT
#pragma once

// One group's integral: its mode, the nodes about it, log-density and score at each, their
// weights.

#include "engine/fit/quadrature_work.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// √ and log of one number, as the lanes compute them.
MERIT_INLINE double root(double value) {
  double lane[kLanes];
  store(lane, sqrt(broadcast(value)));
  return lane[0];
}
MERIT_INLINE double log_of(double value) {
  double lane[kLanes];
  store(lane, log(broadcast(value)));
  return lane[0];
}

/// The rows' linear predictors, their states, and what is linear in the intercept.
template <class F>
MERIT_ONCE void start_group(QuadratureWork<F>& q) {
  const Lanes none = broadcast(0.0);
  Lanes base = none, slope = none;
  for (std::int64_t i = 0; i < q.size; ++i) {
    const std::int64_t pack = q.begin + i;
    const double* columns = q.x(pack);
    Lanes eta = q.rows.offset == nullptr ? none : load(q.rows.offset + pack * kLanes);
    for (int a = 0; a < q.p; ++a)
      eta = fma(load(columns + std::int64_t{a} * kLanes), broadcast(q.psi[a]), eta);
    const Response response = q.response(pack, eta);
    const typename F::State state = q.family.state(eta, response);
    q.store_state(i, state);
    if constexpr (F::kLinear) {
      const LinearPart part = q.family.linear(eta, response, state);
      base = base + part.base;
      slope = slope + part.slope;
    }
  }
  q.base = F::kLinear ? sum_of(base) : 0.0;
  q.linear = F::kLinear ? sum_of(slope) : 0.0;
}

/// Sums of derivatives at the intercept v; the second and third stay with the rows.
template <class F>
MERIT_ONCE void visit_mode(QuadratureWork<F>& q, double v) {
  const Shift to = q.shift_to(v);
  Lanes first = broadcast(0.0), second_sum = first, third_sum = first;
  for (std::int64_t i = 0; i < q.size; ++i) {
    const LogDensity d = q.family.at(q.load_state(i), to);
    store(q.second(i), d.second);
    store(q.third(i), d.third);
    first = first + d.first;
    second_sum = second_sum + d.second;
    third_sum = third_sum + d.third;
  }
  q.s1 = sum_of(first);
  q.s2 = sum_of(second_sum);
  q.s3 = sum_of(third_sum);
}

/// Newton on the concave f, inside the bracket that the signs of f′ have left.
template <class F>
MERIT_INLINE bool find_mode(QuadratureWork<F>& q, std::int64_t j) {
  constexpr double kLongestStep = 4.0;
  double low = -1e300, high = 1e300;
  q.v = q.tau == 0.0 ? 0.0 : q.groups.mode[j];
  for (int i = 0; i < 100; ++i) {
    visit_mode(q, q.v);
    const double first = q.tau * q.s1 - q.v;
    q.h = 1.0 - q.tau * q.tau * q.s2;
    if (!(q.h > 0.0) || !(first * first < 1e300)) return false;
    if (first * first <= q.rule.mode_tolerance * q.rule.mode_tolerance * q.h) break;
    (first > 0.0 ? low : high) = q.v;
    double step = first / q.h;
    step = step > kLongestStep    ? kLongestStep
           : step < -kLongestStep ? -kLongestStep
                                  : step;
    const double next = q.v + step;
    q.v = next > low && next < high ? next : 0.5 * (low + high);
  }
  q.groups.mode[j] = q.v;
  return true;
}

/// Puts the nodes k … k + 7 at v.
template <class F>
MERIT_INLINE void shift_nodes(QuadratureWork<F>& q, int k, Lanes v) {
  const Lanes shifted = v * broadcast(q.tau);
  store(q.value() + k, v);
  store(q.distance() + k, shifted);
  store(q.factor() + k, exp(shifted));
  store(q.inverse() + k, exp(-shifted));
}

template <class F>
MERIT_INLINE void place_nodes(QuadratureWork<F>& q) {
  const double sd = 1.0 / root(q.h);
  for (int k = 0; k < q.rule.num_padded; k += kLanes)
    shift_nodes(q, k, fma(load(q.rule.node + k), broadcast(sd), broadcast(q.v)));
}

/// Log-densities and scores of the rows at every node. Products of a few rows cost one
/// logarithm.
template <class F>
MERIT_ONCE void visit_nodes(QuadratureWork<F>& q) {
  const int K = q.rule.num_nodes;
  const bool keep = q.keeps_records();
  for (int k = 0; k < K; ++k) {
    store(q.score_sum(k), broadcast(0.0));
    store(q.density_sum(k), broadcast(0.0));
  }
  for (std::int64_t first = 0; first < q.size; first += F::kChain) {
    const std::int64_t last = first + F::kChain < q.size ? first + F::kChain : q.size;
    for (int k = 0; k < K; ++k) {
      const Shift to = q.shift(k);
      Lanes sum = load(q.density_sum(k)), product = broadcast(1.0);
      Lanes score = load(q.score_sum(k));
      for (std::int64_t i = first; i < last; ++i) {
        const LogDensity d = q.family.at(q.load_state(i), to);
        sum = sum + d.sum;
        product = product * d.product;
        score = score + d.first;
        if (!keep) continue;
        store(q.record(i, k), d.first);
        store(q.record(i, k) + kLanes, d.second);
      }
      if constexpr (F::kProducts) sum = sum - log(product);
      store(q.density_sum(k), sum);
      store(q.score_sum(k), score);
    }
  }
  for (int k = 0; k < q.rule.num_padded; ++k) {
    q.score()[k] = k < K ? sum_of(load(q.score_sum(k))) : 0.0;
    q.density()[k] = k < K ? sum_of(load(q.density_sum(k))) : 0.0;
  }
}

/// ω_k, and the group's log-likelihood.
template <class F>
MERIT_INLINE double weigh_nodes(QuadratureWork<F>& q) {
  double most = -1e300;
  for (int k = 0; k < q.rule.num_padded; k += kLanes) {
    const Lanes v = load(q.value() + k);
    const Lanes f =
        fma(load(q.distance() + k), broadcast(q.linear), load(q.density() + k)) -
        broadcast(0.5) * v * v + load(q.rule.log_weight + k);
    store(q.weight() + k, f);
  }
  for (int k = 0; k < q.rule.num_nodes; ++k)
    most = q.weight()[k] > most ? q.weight()[k] : most;
  Lanes sum = broadcast(0.0);
  for (int k = 0; k < q.rule.num_padded; k += kLanes) {
    const IntLanes real = load(q.rule.log_weight + k) > broadcast(-1e299);
    const Lanes w =
        select(real, exp(load(q.weight() + k) - broadcast(most)), broadcast(0.0));
    store(q.weight() + k, w);
    sum = sum + w;
  }
  const double total = sum_of(sum);
  for (int k = 0; k < q.rule.num_padded; ++k)
    q.weight()[k] = q.weight()[k] / total;
  return q.base + most + log_of(total / root(q.h));
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
