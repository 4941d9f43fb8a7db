// SPDX-License-Identifier: MIT
#pragma once

// K-point adaptive Gauss–Hermite quadrature, eight rows of a group at a time, for the
// *_kernel.cpp of the families. The formulas are in engine/fit/quadrature.hpp.
//
// A family F is a class that states the log-density ℓ of eight rows and its derivatives in
// the linear predictor η + τv:
//
//     F(extra, num_extra)              its own parameters (log dispersion, thresholds)
//     Row row(rows, pack)              what it keeps of the response
//     State state(eta, row)            of rows at v = 0, e.g. e^η: what a Shift moves to v
//     kLinear; base(eta, row), slope(row)     ℓ = base + slope τv + what at_node adds
//     at_node(state, shift, row, density, first, second)      adds ℓ, gives ℓ′ and ℓ″
//     kProducts, kChain                at_node also multiplies density.product, whose
//                                      logarithm is subtracted every kChain packs
//     derivatives(state, shift, row)   ℓ′, ℓ″, ℓ‴
//     kSlots, Extras, slot(row, q, e), extras(state, shift, row, out)
//                                      derivatives in the family's own parameters: slot q of
//                                      a row belongs to parameter e where the mask is set

#include "engine/fit/quadrature_kernel.hpp"
#include "engine/fit/quadrature_products.hpp"
#include "engine/simd/lanes_math.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// Log-densities of many rows: a sum, and a product whose logarithm is still to be taken off.
struct DensitySum {
  Lanes sum = broadcast(0.0);
  Lanes product = broadcast(1.0);
};

/// Derivatives of a row's log-density in its linear predictor.
struct Derivatives {
  Lanes first, second, third;
};

/// e^(τv) and its inverse, τv itself: how a family moves its state to another intercept.
struct Shift {
  Lanes factor, inverse, distance;
};

/// What a family keeps of a pack of rows, N numbers each, to move it to other intercepts.
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

template <class F>
class Quadrature {
 public:
  using State = typename F::State;
  /// Doubles per row: ℓ″ and ℓ‴ at the mode, the state.
  static constexpr int kPerPack = 2 + F::kStates;

  MERIT_INLINE Quadrature(const QuadratureRows& rows,
                          const QuadratureRule& rule,
                          const double* psi,
                          int num_extra,
                          QuadratureDetail detail,
                          const GroupIntegrals& groups,
                          QuadratureSums& sums,
                          double* scratch)
      : rows_(rows),
        rule_(rule),
        family_(psi + rows.num_fixed, num_extra),
        psi_(psi),
        tau_(psi[rows.num_fixed + num_extra]),
        detail_(detail),
        groups_(groups),
        sums_(sums),
        p_(rows.num_fixed),
        e_(num_extra),
        num_psi_(rows.num_fixed + num_extra + 1) {
    std::int64_t largest = 0;
    for (std::int64_t j = 0; j < rows.num_groups; ++j) {
      const std::int64_t n = rows.first_pack[j + 1] - rows.first_pack[j];
      largest = n > largest ? n : largest;
    }
    const QuadratureScratch sizes(p_, e_, rule.num_padded, largest);
    node_ = scratch + sizes.node;
    group_ = scratch + sizes.group;
    state_ = scratch + sizes.state;
    record_ = scratch + sizes.record;
    chunk_ = scratch + sizes.chunk;
    chunk_stride_ = sizes.chunk_stride;
    totals_ = scratch + sizes.totals;
    extra_ = scratch + sizes.extra;
    num_totals_ = sizes.num_totals;
  }

  void run() {
    sums_.finite = true;
    sums_.log_likelihood = 0.0;
    if (wants_gradient()) {
      for (std::int64_t i = 0; i < num_totals_; ++i)
        totals_[i] = 0.0;
      for (int a = 0; a < num_psi_; ++a)
        sums_.gradient[a] = 0.0;
    }
    if (wants_information()) {
      for (int a = 0; a < num_psi_ * num_psi_; ++a)
        sums_.information[a] = 0.0;
    }
    chunk_begin_ = chunk_end_ = 0;
    for (std::int64_t j = 0; j < rows_.num_groups && sums_.finite; ++j) {
      const double count = rows_.multiplicity == nullptr ? 1.0 : rows_.multiplicity[j];
      if (count > 0.0) add_group(j, count);
    }
    if (!sums_.finite) return;
    if (wants_gradient()) {
      flush_chunk();
      add_totals();
    }
  }

 private:
  bool wants_gradient() const { return detail_ >= QuadratureDetail::gradient; }
  bool wants_information() const { return detail_ >= QuadratureDetail::information; }
  bool wants_scores() const {  // one or two nodes have no moments
    return detail_ == QuadratureDetail::full_information && rule_.num_nodes >= 3;
  }

  // Arrays over the nodes.
  double* value() const { return node_; }                        // v_k
  double* distance() const { return node_ + rule_.num_padded; }  // τ v_k
  double* factor() const { return node_ + 2 * rule_.num_padded; }
  double* inverse() const { return node_ + 3 * rule_.num_padded; }
  double* score() const { return node_ + 4 * rule_.num_padded; }    // S_k = Σ_i ℓ′
  double* density() const { return node_ + 5 * rule_.num_padded; }  // Σ_i ℓ
  double* weight() const { return node_ + 6 * rule_.num_padded; }   // ω_k
  double* score_sum(int k) const {
    return node_ + 7 * rule_.num_padded + std::int64_t{k} * kLanes;
  }
  double* density_sum(int k) const {
    return node_ + 15 * rule_.num_padded + std::int64_t{k} * kLanes;
  }
  // Arrays over the parameters of one group.
  double* slope1() const { return group_; }             // b1
  double* slope2() const { return group_ + num_psi_; }  // b2
  double* node_scores(int k) const { return group_ + (3 + k) * num_psi_; }
  double* cross_moments() const { return group_ + 2 * num_psi_; }
  double* extra_slope(int e) const { return extra_ + std::int64_t{e} * kLanes; }
  // Arrays over the packs of one group.
  double* second(std::int64_t i) const { return state_ + i * kPerPack * kLanes; }
  double* third(std::int64_t i) const { return state_ + (i * kPerPack + 1) * kLanes; }
  MERIT_INLINE State load_state(std::int64_t i) const {
    State state;
    for (int q = 0; q < F::kStates; ++q)
      state.part[q] = load(state_ + (i * kPerPack + 2 + q) * kLanes);
    return state;
  }
  MERIT_INLINE void store_state(std::int64_t i, const State& state) const {
    for (int q = 0; q < F::kStates; ++q)
      store(state_ + (i * kPerPack + 2 + q) * kLanes, state.part[q]);
  }
  double* record(std::int64_t i, int k) const {
    return record_ + (i * rule_.num_nodes + k) * 2 * kLanes;
  }
  // Arrays over the packs of the chunk.
  double* residual(std::int64_t i) const { return chunk_ + i * kLanes; }
  double* curvature(std::int64_t i) const { return chunk_ + chunk_stride_ + i * kLanes; }
  double* cross(int e, std::int64_t i) const {
    return chunk_ + (2 + e) * chunk_stride_ + i * kLanes;
  }
  // Sums over all rows, lane by lane.
  double* total_gradient(int a) const { return totals_ + std::int64_t{a} * kLanes; }
  double* total_cross(int e, int a) const {
    return totals_ + (p_ + e_ + std::int64_t{e} * p_ + a) * kLanes;
  }
  double* total_extra(int e, int f) const {
    return totals_ + (p_ + e_ + std::int64_t{e_} * p_ + e * e_ + f) * kLanes;
  }
  double* total_products() const {
    return totals_ + (p_ + e_ + std::int64_t{e_} * p_ + e_ * e_) * kLanes;
  }
  const double* x(std::int64_t pack) const { return rows_.x + pack * p_ * kLanes; }

  MERIT_INLINE Shift shift(int k) const {
    return {broadcast(factor()[k]), broadcast(inverse()[k]), broadcast(distance()[k])};
  }
  MERIT_INLINE Shift shift_to(double v) const {
    const Lanes distance = broadcast(tau_ * v);
    return {exp(distance), exp(-distance), distance};
  }

  MERIT_INLINE void add_group(std::int64_t j, double count) {
    begin_ = rows_.first_pack[j];
    size_ = rows_.first_pack[j + 1] - begin_;
    start_group();
    if (!find_mode(j)) {
      sums_.finite = false;
      return;
    }
    place_nodes();
    visit_nodes();
    sums_.log_likelihood = sums_.log_likelihood + count * weigh_nodes();
    groups_.curvature[j] = h_;
    if (!wants_gradient()) return;
    add_rows(count);
    find_slopes();
    add_gradient(count);
    for (int a = 0; a < num_psi_; ++a)
      groups_.slope[j * num_psi_ + a] = slope1()[a] / h_;
    if (wants_scores()) find_node_scores();
    if (wants_information()) add_information(count);
  }

  /// The rows' linear predictors, their states, and what is linear in the intercept.
  MERIT_ONCE void start_group() {
    Lanes base = broadcast(0.0), slope = broadcast(0.0);
    for (std::int64_t i = 0; i < size_; ++i) {
      const std::int64_t pack = begin_ + i;
      const double* columns = x(pack);
      Lanes eta = load(rows_.offset + pack * kLanes);
      for (int a = 0; a < p_; ++a)
        eta = fma(load(columns + std::int64_t{a} * kLanes), broadcast(psi_[a]), eta);
      const typename F::Row row = family_.row(rows_, pack);
      store_state(i, family_.state(eta, row));
      if constexpr (F::kLinear) {
        base = base + family_.base(eta, row);
        slope = slope + family_.slope(row);
      }
    }
    base_ = F::kLinear ? sum_of(base) : 0.0;
    linear_ = F::kLinear ? sum_of(slope) : 0.0;
  }

  /// Sums of derivatives at the intercept v; the second and third stay with the rows.
  MERIT_ONCE void visit_mode(double v) {
    const Shift to = shift_to(v);
    Lanes first = broadcast(0.0), second_sum = first, third_sum = first;
    for (std::int64_t i = 0; i < size_; ++i) {
      const typename F::Row row = family_.row(rows_, begin_ + i);
      const Derivatives d = family_.derivatives(load_state(i), to, row);
      store(second(i), d.second);
      store(third(i), d.third);
      first = first + d.first;
      second_sum = second_sum + d.second;
      third_sum = third_sum + d.third;
    }
    s1_ = sum_of(first);
    s2_ = sum_of(second_sum);
    s3_ = sum_of(third_sum);
  }

  /// Newton on the concave f, inside the bracket that the signs of f′ have left.
  MERIT_INLINE bool find_mode(std::int64_t j) {
    constexpr double kLongestStep = 4.0;
    double low = -1e300, high = 1e300;
    v_ = tau_ == 0.0 ? 0.0 : groups_.mode[j];
    for (int i = 0; i < 100; ++i) {
      visit_mode(v_);
      const double first = tau_ * s1_ - v_;
      h_ = 1.0 - tau_ * tau_ * s2_;
      if (!(h_ > 0.0) || !(first * first < 1e300)) return false;
      f1_ = first;
      if (first * first <= rule_.mode_tolerance * rule_.mode_tolerance * h_) break;
      (first > 0.0 ? low : high) = v_;
      double step = first / h_;
      step = step > kLongestStep    ? kLongestStep
             : step < -kLongestStep ? -kLongestStep
                                    : step;
      const double next = v_ + step;
      v_ = next > low && next < high ? next : 0.5 * (low + high);
    }
    groups_.mode[j] = v_;
    return true;
  }

  MERIT_INLINE void place_nodes() {
    const double sd = 1.0 / root(h_);
    for (int k = 0; k < rule_.num_padded; k += kLanes) {
      const Lanes v = fma(load(rule_.node + k), broadcast(sd), broadcast(v_));
      const Lanes shifted = v * broadcast(tau_);
      const Lanes f = exp(shifted);
      store(value() + k, v);
      store(distance() + k, shifted);
      store(factor() + k, f);
      store(inverse() + k, exp(-shifted));
    }
  }

  /// Log-densities and scores of the rows at every node. Products of a few rows cost one
  /// logarithm.
  MERIT_ONCE void visit_nodes() {
    const int K = rule_.num_nodes;
    for (int k = 0; k < K; ++k) {
      store(score_sum(k), broadcast(0.0));
      store(density_sum(k), broadcast(0.0));
    }
    for (std::int64_t first = 0; first < size_; first += F::kChain) {
      const std::int64_t last = first + F::kChain < size_ ? first + F::kChain : size_;
      for (int k = 0; k < K; ++k) {
        const Shift to = shift(k);
        DensitySum density;
        Lanes score = load(score_sum(k));
        for (std::int64_t i = first; i < last; ++i) {
          const typename F::Row row = family_.row(rows_, begin_ + i);
          Lanes d1, d2;
          family_.at_node(load_state(i), to, row, density, d1, d2);
          score = score + d1;
          store(record(i, k), d1);
          store(record(i, k) + kLanes, d2);
        }
        Lanes sum = load(density_sum(k)) + density.sum;
        if constexpr (F::kProducts) sum = sum - log(density.product);
        store(density_sum(k), sum);
        store(score_sum(k), score);
      }
    }
    for (int k = 0; k < rule_.num_padded; ++k) {
      score()[k] = k < K ? sum_of(load(score_sum(k))) : 0.0;
      density()[k] = k < K ? sum_of(load(density_sum(k))) : 0.0;
    }
  }

  /// ω_k, and the group's log-likelihood.
  MERIT_INLINE double weigh_nodes() {
    double most = -1e300;
    for (int k = 0; k < rule_.num_padded; k += kLanes) {
      const Lanes v = load(value() + k);
      const Lanes f = fma(load(distance() + k), broadcast(linear_), load(density() + k)) -
                      broadcast(0.5) * v * v + load(rule_.log_weight + k);
      store(weight() + k, f);
    }
    for (int k = 0; k < rule_.num_nodes; ++k)
      most = weight()[k] > most ? weight()[k] : most;
    Lanes sum = broadcast(0.0);
    for (int k = 0; k < rule_.num_padded; k += kLanes) {
      const IntLanes real = load(rule_.log_weight + k) > broadcast(-1e299);
      const Lanes w =
          select(real, exp(load(weight() + k) - broadcast(most)), broadcast(0.0));
      store(weight() + k, w);
      sum = sum + w;
    }
    const double total = sum_of(sum);
    for (int k = 0; k < rule_.num_padded; ++k)
      weight()[k] = weight()[k] / total;
    // log(total/√h), in a lane of its own.
    double lane[kLanes];
    store(lane, log(broadcast(total / root(h_))));
    return base_ + most + lane[0];
  }

  /// Means over the nodes, row by row, into the chunk; sums over rows of the extras.
  MERIT_ONCE void add_rows(double count) {
    const int K = rule_.num_nodes;
    const bool full = chunk_end_ - chunk_begin_ >= QuadratureScratch::kChunk;
    if (full || begin_ != chunk_end_) flush_chunk();
    if (chunk_begin_ == chunk_end_) chunk_begin_ = chunk_end_ = begin_;
    const std::int64_t at = begin_ - chunk_begin_;
    const Lanes times = broadcast(count);
    for (std::int64_t i = 0; i < size_; ++i) {
      Lanes r = broadcast(0.0), w = broadcast(0.0);
      for (int k = 0; k < K; ++k) {
        const Lanes omega = broadcast(weight()[k]);
        r = fma(omega, load(record(i, k)), r);
        w = fma(omega, load(record(i, k) + kLanes), w);
      }
      store(residual(at + i), r * times);
      store(curvature(at + i), -w * times);
    }
    if constexpr (F::kSlots > 0) add_extras(count, at);
    chunk_end_ = begin_ + size_;
  }

  /// The same for the family's own parameters.
  MERIT_ONCE void add_extras(double count, std::int64_t at) {
    const Shift to_mode = shift_to(v_);
    const Lanes times = broadcast(count), none = broadcast(0.0);
    for (int e = 0; e < 2 * e_; ++e)
      store(extra_slope(e), none);
    const auto add = [](double* to, Lanes value) { store(to, load(to) + value); };
    for (std::int64_t i = 0; i < size_; ++i) {
      const typename F::Row row = family_.row(rows_, begin_ + i);
      typename F::Extras mean, here;
      mean.clear();
      for (int k = 0; k < rule_.num_nodes; ++k) {
        family_.extras(load_state(i), shift(k), row, here);
        mean.add(broadcast(weight()[k]), here);
      }
      family_.extras(load_state(i), to_mode, row, here);
      for (int e = 0; e < e_; ++e) {
        Lanes crossed = none;
        for (int q = 0; q < F::kSlots; ++q) {
          const IntLanes mine = family_.slot(row, q, e);
          add(total_gradient(p_ + e), select(mine, mean.first[q], none) * times);
          crossed = crossed + select(mine, mean.mixed[q], none);
          add(extra_slope(e), select(mine, here.mixed[q], none));
          add(extra_slope(e_ + e), select(mine, here.mixed2[q], none));
          for (int f = 0; f <= e && wants_information(); ++f) {
            for (int r = 0; r < F::kSlots; ++r) {
              const IntLanes both = mine & family_.slot(row, r, f);
              add(total_extra(e, f), -(select(both, mean.second[q][r], none) * times));
            }
          }
        }
        store(cross(e, at + i), -(crossed * times));
      }
    }
    for (int e = 0; e < e_; ++e) {
      slope1()[p_ + e] = tau_ * sum_of(load(extra_slope(e)));
      slope2()[p_ + e] = tau_ * tau_ * sum_of(load(extra_slope(e_ + e)));
    }
  }

  /// b1 = ∂f′(v̂)/∂ψ and b2 = ∂f″(v̂)/∂ψ; those of the extras are there already.
  MERIT_ONCE void find_slopes() {
    const double* columns = x(begin_);
    const std::int64_t stride = std::int64_t{p_} * kLanes;
    for (int a = 0; a < p_; ++a) {
      Lanes u1 = broadcast(0.0), u2 = broadcast(0.0);
      for (std::int64_t i = 0; i < size_; ++i) {
        const Lanes xa = load(columns + i * stride + std::int64_t{a} * kLanes);
        u1 = fma(xa, load(second(i)), u1);
        u2 = fma(xa, load(third(i)), u2);
      }
      slope1()[a] = tau_ * sum_of(u1);
      slope2()[a] = tau_ * tau_ * sum_of(u2);
    }
    slope1()[num_psi_ - 1] = s1_ + tau_ * v_ * s2_;
    slope2()[num_psi_ - 1] = 2.0 * tau_ * s2_ + tau_ * tau_ * v_ * s3_;
  }

  /// What moving the nodes adds to the gradient, and the part of τ.
  MERIT_INLINE void add_gradient(double count) {
    double a0 = 0.0, a1 = 0.0, of_tau = 0.0;
    for (int k = 0; k < rule_.num_nodes; ++k) {
      const double v = value()[k], omega = weight()[k];
      const double slope = tau_ * score()[k] - v;  // f′(v_k)
      a0 = a0 + omega * slope;
      a1 = a1 + omega * slope * (v - v_);
      of_tau = of_tau + omega * v * score()[k];
    }
    const double third = tau_ * tau_ * tau_ * s3_;
    const double stretch = 0.5 * (1.0 + a1) / h_;
    const double shift = a0 / h_ + stretch * third / h_;
    for (int a = 0; a < num_psi_; ++a) {
      sums_.gradient[a] =
          sums_.gradient[a] + count * (shift * slope1()[a] + stretch * slope2()[a]);
    }
    sums_.gradient[num_psi_ - 1] = sums_.gradient[num_psi_ - 1] + count * of_tau;
  }

  /// X′ of the rows' scores at every node.
  MERIT_ONCE void find_node_scores() {
    const std::int64_t stride = std::int64_t{p_} * kLanes;
    for (int k = 0; k < rule_.num_nodes; ++k) {
      double* scores = node_scores(k);
      for (int a = 0; a < p_; ++a) {
        Lanes sum = broadcast(0.0);
        const double* column = x(begin_) + std::int64_t{a} * kLanes;
        for (std::int64_t i = 0; i < size_; ++i)
          sum = fma(load(column + i * stride), load(record(i, k)), sum);
        scores[a] = sum_of(sum);
      }
      scores[num_psi_ - 1] = value()[k] * score()[k];
    }
    find_cross_moments();
    if constexpr (F::kSlots > 0) find_extra_scores();
  }

  /// E[v ∂²ℓ/∂η∂ψ] and E[v² ℓ″] with the rows' curvatures at every node.
  MERIT_ONCE void find_cross_moments() {
    const std::int64_t stride = std::int64_t{p_} * kLanes;
    double* moments = cross_moments();
    Lanes squares = broadcast(0.0);
    for (std::int64_t i = 0; i < size_; ++i) {  // third(i) has served: room for E[v ℓ″]
      Lanes once = broadcast(0.0);
      for (int k = 0; k < rule_.num_nodes; ++k) {
        const Lanes vd =
            broadcast(weight()[k] * value()[k]) * load(record(i, k) + kLanes);
        once = once + vd;
        squares = fma(broadcast(value()[k]), vd, squares);
      }
      store(third(i), once);
    }
    for (int a = 0; a < p_; ++a) {
      Lanes sum = broadcast(0.0);
      const double* column = x(begin_) + std::int64_t{a} * kLanes;
      for (std::int64_t i = 0; i < size_; ++i)
        sum = fma(load(column + i * stride), load(third(i)), sum);
      moments[a] = sum_of(sum);
    }
    moments[num_psi_ - 1] = sum_of(squares);
  }

  MERIT_ONCE void find_extra_scores() {
    const Lanes none = broadcast(0.0);
    double* moments = cross_moments();
    for (int e = 0; e < e_; ++e) {
      double moment = 0.0;
      for (int k = 0; k < rule_.num_nodes; ++k) {
        Lanes sum = none, mixed = none;
        for (std::int64_t i = 0; i < size_; ++i) {
          const typename F::Row row = family_.row(rows_, begin_ + i);
          typename F::Extras here;
          family_.extras(load_state(i), shift(k), row, here);
          for (int q = 0; q < F::kSlots; ++q) {
            const IntLanes mine = family_.slot(row, q, e);
            sum = sum + select(mine, here.first[q], none);
            mixed = mixed + select(mine, here.mixed[q], none);
          }
        }
        node_scores(k)[p_ + e] = sum_of(sum);
        moment = moment + weight()[k] * value()[k] * sum_of(mixed);
      }
      moments[p_ + e] = moment;
    }
  }

  /// The group's share of Louis' information but X′WX: − Cov[score], and the row of τ.
  MERIT_ONCE void add_information(double count) {
    // Moments of v and of v S(v) under the nodes' weights.
    double mean_v = 0.0, mean_d = 0.0, mean_s = 0.0;
    for (int k = 0; k < rule_.num_nodes; ++k) {
      const double d = value()[k] - v_;
      mean_v = mean_v + weight()[k] * value()[k];
      mean_d = mean_d + weight()[k] * d * d;
      mean_s = mean_s + weight()[k] * value()[k] * score()[k];
    }
    double c11 = 0.0, c12 = 0.0, c22 = 0.0, c1s = 0.0, c2s = 0.0, css = 0.0;
    double mean_vd = 0.0, mean_vv = 0.0, mean_vvd = 0.0;
    for (int k = 0; k < rule_.num_nodes; ++k) {
      const double omega = weight()[k], v = value()[k], d = v - v_;
      const double d1 = v - mean_v, d2 = d * d - mean_d, ds = v * score()[k] - mean_s;
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
    const int t = num_psi_ - 1;
    if (rule_.num_nodes < 3) {  // too few to have moments: those of N(v̂, 1/h)
      c11 = 1.0 / h_;
      c12 = 0.0;
      c22 = 2.0 / (h_ * h_);
      c1s = slope1()[t] * c11;
      c2s = 0.5 * slope2()[t] * c22;
      css = slope1()[t] * c1s + 0.5 * slope2()[t] * c2s;
      mean_vd = 1.0 / h_;
      mean_vv = v_ * v_ + 1.0 / h_;
      mean_vvd = 2.0 * v_ / h_;
    }
    double* info = sums_.information;
    const int P = num_psi_;
    if (wants_scores()) {
      subtract_score_covariance(count);
      for (int a = 0; a < P; ++a)
        info[t * P + a] = info[t * P + a] - count * cross_moments()[a];
      return;
    }
    for (int a = 0; a < t; ++a) {
      const double b1 = slope1()[a], b2 = 0.5 * slope2()[a];
      const double left = c11 * b1 + c12 * b2, right = c12 * b1 + c22 * b2;
      for (int b = 0; b <= a; ++b) {
        info[a * P + b] =
            info[a * P + b] - count * (left * slope1()[b] + right * (0.5 * slope2()[b]));
      }
      info[t * P + a] = info[t * P + a] - count * (b1 * c1s + b2 * c2s);
    }
    info[t * P + t] = info[t * P + t] - count * css;
    // −E[∂²f/∂ψ∂τ] with ℓ″ at v as ℓ″ + τ ℓ‴ (v − v̂). b1 and b2 hold τ and τ².
    if (tau_ != 0.0) {
      for (int a = 0; a < t; ++a) {
        info[t * P + a] = info[t * P + a] -
                          count * (slope1()[a] * mean_v + slope2()[a] * mean_vd) / tau_;
      }
    }
    info[t * P + t] = info[t * P + t] - count * (s2_ * mean_vv + tau_ * s3_ * mean_vvd);
  }

  MERIT_ONCE void subtract_score_covariance(double count) {
    const int P = num_psi_;
    double* mean = node_scores(rule_.num_nodes);
    for (int a = 0; a < P; ++a) {
      mean[a] = 0.0;
      for (int k = 0; k < rule_.num_nodes; ++k)
        mean[a] = mean[a] + weight()[k] * node_scores(k)[a];
    }
    for (int k = 0; k < rule_.num_nodes; ++k) {
      double* score = node_scores(k);
      for (int a = 0; a < P; ++a)
        score[a] = score[a] - mean[a];
      for (int a = 0; a < P; ++a) {
        const double scaled = count * weight()[k] * score[a];
        for (int b = 0; b <= a; ++b) {
          sums_.information[a * P + b] = sums_.information[a * P + b] - scaled * score[b];
        }
      }
    }
  }

  /// X′r, X′WX and X′C of the chunk's rows.
  MERIT_ONCE void flush_chunk() {
    const std::int64_t size = chunk_end_ - chunk_begin_;
    if (size > 0) {
      add_columns(x(chunk_begin_), chunk_, size, p_, total_gradient(0));
      if (wants_information()) {
        add_weighted_products(
            x(chunk_begin_), chunk_ + chunk_stride_, size, p_, total_products());
        for (int e = 0; e < e_; ++e)
          add_columns(x(chunk_begin_), cross(e, 0), size, p_, total_cross(e, 0));
      }
    }
    chunk_begin_ = chunk_end_;
  }

  /// Totals over lanes into the results; the upper triangle from the lower.
  MERIT_INLINE void add_totals() {
    for (int a = 0; a < p_ + e_; ++a)
      sums_.gradient[a] = sums_.gradient[a] + sum_of(load(total_gradient(a)));
    if (!wants_information()) return;
    const int P = num_psi_;
    double* info = sums_.information;
    const double* pair = total_products();
    for (int a = 0; a < p_; ++a) {
      for (int b = 0; b <= a; ++b, pair += kLanes)
        info[a * P + b] = info[a * P + b] + sum_of(load(pair));
    }
    for (int e = 0; e < e_; ++e) {
      double* row = info + (p_ + e) * P;
      for (int a = 0; a < p_; ++a)
        row[a] = row[a] + sum_of(load(total_cross(e, a)));
      for (int f = 0; f <= e; ++f)
        row[p_ + f] = row[p_ + f] + sum_of(load(total_extra(e, f)));
    }
    for (int a = 0; a < P; ++a) {
      for (int b = 0; b < a; ++b)
        info[b * P + a] = info[a * P + b];
    }
  }

  MERIT_INLINE static double root(double value) {
    double lane[kLanes];
    store(lane, sqrt(broadcast(value)));
    return lane[0];
  }

  const QuadratureRows& rows_;
  const QuadratureRule& rule_;
  const F family_;
  const double* psi_;
  double tau_;
  QuadratureDetail detail_;
  const GroupIntegrals& groups_;
  QuadratureSums& sums_;
  int p_, e_, num_psi_;

  double *node_, *group_, *state_, *record_, *chunk_, *totals_, *extra_;
  std::int64_t chunk_stride_, num_totals_;
  std::int64_t chunk_begin_ = 0, chunk_end_ = 0;  // packs

  // Of the group at hand.
  std::int64_t begin_ = 0, size_ = 0;  // packs
  double base_ = 0.0, linear_ = 0.0;   // Σ_i of the parts of ℓ that need no node
  double v_ = 0.0, h_ = 1.0, f1_ = 0.0;
  double s1_ = 0.0, s2_ = 0.0, s3_ = 0.0;  // Σ_i ℓ′, ℓ″, ℓ‴ at the mode
};

template <class F>
void evaluate_quadrature(const QuadratureRows& rows,
                         const QuadratureRule& rule,
                         const double* psi,
                         int num_extra,
                         QuadratureDetail detail,
                         const GroupIntegrals& groups,
                         QuadratureSums& sums,
                         double* scratch) {
  Quadrature<F>(rows, rule, psi, num_extra, detail, groups, sums, scratch).run();
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
