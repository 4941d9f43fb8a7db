// SPDX-License-Identifier: MIT
#include "engine/resample/grouped_kernel.hpp"

#include "engine/fit/profile_lanes.hpp"
#include "engine/fit/sd_error_lanes.hpp"
#include "engine/random/random_lanes.hpp"
#include "engine/resample/write_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// to[row] += Σ_j table[row × count + j] coefficient[j], four rows at a time.
MERIT_INLINE void add_weighted(
    const double* table, int rows, int count, const Lanes* coefficient, Lanes* to) {
  constexpr int kAtOnce = 4;
  int row = 0;
  for (; row + kAtOnce <= rows; row += kAtOnce) {
    const double* from = table + std::int64_t{row} * count;
    Lanes sum[kAtOnce];
    for (int t = 0; t < kAtOnce; ++t)
      sum[t] = to[row + t];
    for (int j = 0; j < count; ++j) {
      const Lanes c = coefficient[j];
#pragma GCC unroll 4
      for (int t = 0; t < kAtOnce; ++t) {
        sum[t] = fma(c, broadcast(from[std::int64_t{t} * count + j]), sum[t]);
      }
    }
    for (int t = 0; t < kAtOnce; ++t)
      to[row + t] = sum[t];
  }
  for (; row < rows; ++row) {
    Lanes sum = to[row];
    for (int j = 0; j < count; ++j) {
      sum = fma(coefficient[j], broadcast(table[std::int64_t{row} * count + j]), sum);
    }
    to[row] = sum;
  }
}

/// The snapshot's groups, each counted as often as the lane drew it.
struct DrawnGroups {
  const GroupConstants& m;
  const Lanes* times;  // J
  int count;

  MERIT_INLINE Lanes size(int j) const { return broadcast(m.size[j]); }
  MERIT_INLINE Lanes weight(int j) const { return times[j]; }
  MERIT_INLINE Lanes mean(int j, int a) const {
    return broadcast(m.mean[std::int64_t{j} * (m.p + 1) + a]);
  }
  MERIT_INLINE void add_products(const Lanes* coefficient, Lanes* A) const {
    const int q = m.p + 1;
    add_weighted(m.product, q * (q + 1) / 2, count, coefficient, A);
  }
  MERIT_INLINE Lanes log_det_V(Lanes lambda) const {
    Lanes sum = broadcast(0.0);
    for (int j = 0; j < count; ++j) {
      sum = fma(times[j], log(fma(lambda, size(j), broadcast(1.0))), sum);
    }
    return sum;
  }
  MERIT_INLINE Lanes log_det_V_on_grid(int k) const {
    const double* logs = m.grid_log + std::int64_t{k} * count;
    Lanes sum = broadcast(0.0);
    for (int j = 0; j < count; ++j)
      sum = fma(times[j], broadcast(logs[j]), sum);
    return sum;
  }
};

/// Σ_j log(1 + n_j λ), one logarithm for eight groups.
template <class Groups>
MERIT_INLINE Lanes log_det_once_each(const Groups& groups, Lanes lambda) {
  Lanes sum = broadcast(0.0);
  for (int j = 0; j < groups.count; j += 8) {
    Lanes product = broadcast(1.0);
    for (int t = j; t < j + 8 && t < groups.count; ++t) {
      product = product * fma(lambda, groups.size(t), broadcast(1.0));
    }
    sum = sum + log(product);
  }
  return sum;
}

/// A_ab += Σ_j coefficient_j z̄_ja z̄_jb where lanes have means of their own.
template <class Groups>
MERIT_INLINE void add_products_one_by_one(const Groups& groups,
                                          int q,
                                          const Lanes* coefficient,
                                          Lanes* A) {
  for (int j = 0; j < groups.count; ++j) {
    int ab = 0;
    for (int a = 0; a < q; ++a) {
      const Lanes scaled = coefficient[j] * groups.mean(j, a);
      for (int b = 0; b <= a; ++b, ++ab)
        A[ab] = fma(scaled, groups.mean(j, b), A[ab]);
    }
  }
}

/// The snapshot's groups and X, with a response drawn in every lane.
struct ModelGroups {
  const GroupConstants& m;
  const Lanes* response;  // J, ȳ_j
  int count;

  MERIT_INLINE Lanes size(int j) const { return broadcast(m.size[j]); }
  MERIT_INLINE Lanes weight(int) const { return broadcast(1.0); }
  MERIT_INLINE Lanes mean(int j, int a) const {
    return a == m.p ? response[j] : broadcast(m.mean[std::int64_t{j} * (m.p + 1) + a]);
  }
  MERIT_INLINE void add_products(const Lanes* coefficient, Lanes* A) const {
    add_products_one_by_one(*this, m.p + 1, coefficient, A);
  }
  MERIT_INLINE Lanes log_det_V(Lanes lambda) const {
    return log_det_once_each(*this, lambda);
  }
  MERIT_INLINE Lanes log_det_V_on_grid(int k) const {
    const double* logs = m.grid_log + std::int64_t{k} * count;
    Lanes sum = broadcast(0.0);
    for (int j = 0; j < count; ++j)
      sum = sum + broadcast(logs[j]);
    return sum;
  }
};

/// Groups of its own in every lane.
struct GivenGroups {
  const GroupConstants& m;
  const GroupedLanesData& data;
  int count;

  MERIT_INLINE Lanes size(int j) const {
    return load(data.size + std::int64_t{j} * kLanes);
  }
  MERIT_INLINE Lanes weight(int) const { return broadcast(1.0); }
  MERIT_INLINE Lanes mean(int j, int a) const {
    return load(data.mean + (std::int64_t{j} * (m.p + 1) + a) * kLanes);
  }
  MERIT_INLINE void add_products(const Lanes* coefficient, Lanes* A) const {
    add_products_one_by_one(*this, m.p + 1, coefficient, A);
  }
  MERIT_INLINE Lanes log_det_V(Lanes lambda) const {
    return log_det_once_each(*this, lambda);
  }
  MERIT_INLINE Lanes log_det_V_on_grid(int k) const {
    return log_det_V(broadcast(m.grid[k]));
  }
};

/// β̂ in the units of the data into s.vector: back substitution, then the origin undone
/// (that of y only where the lanes' responses have it).
MERIT_INLINE void solve_beta(const GroupConstants& m,
                             double response_origin,
                             const ProfileScratch& s) {
  const int p = m.p;
  const Lanes* last = s.factor + packed(p, 0);
  for (int k = p - 1; k >= 0; --k) {
    Lanes sum = last[k];
    for (int a = k + 1; a < p; ++a)
      sum = fma(-s.factor[packed(a, k)], s.vector[a], sum);
    s.vector[k] = sum * s.inverse[k];
  }
  if (!m.has_intercept) return;
  Lanes intercept = s.vector[0] + broadcast(response_origin);
  for (int k = 1; k < p; ++k)
    intercept = fma(broadcast(-m.origin[k]), s.vector[k], intercept);
  s.vector[0] = intercept;
}

/// ‖L_xx⁻¹ v‖², v = e_k, or for the intercept the direction that undoes the origin.
MERIT_INLINE Lanes unscaled_variance(const GroupConstants& m,
                                     int k,
                                     const ProfileScratch& s) {
  const bool shifted = m.has_intercept && k == 0;
  Lanes norm = broadcast(0.0);
  for (int a = k; a < m.p; ++a) {
    const double v = a == k ? 1.0 : shifted ? -m.origin[a] : 0.0;
    const Lanes* row = s.factor + packed(a, 0);
    Lanes sum = broadcast(v);
    for (int c = k; c < a; ++c)
      sum = fma(-row[c], s.vector[c], sum);
    s.vector[a] = sum * s.inverse[a];
    norm = fma(s.vector[a], s.vector[a], norm);
  }
  return norm;
}

template <class Groups>
MERIT_INLINE void fit_and_write(const GroupConstants& m,
                                const Groups& groups,
                                const Lanes* within,
                                Lanes num_obs,
                                const double* beta_shift,
                                const ReplicateSpan& out,
                                const ProfileScratch& s,
                                Lanes* grid_value) {
  const int p = m.p, q = p + 1;
  const Lanes d = m.reml ? num_obs - broadcast(p) : num_obs;
  FactorFlaws flaws{broadcast_int(0), fits_exactly(within, q, s)};
  for (int k = 0; k < m.num_grid; ++k) {
    const FactorFlaws at = factorize(groups, within, q, broadcast(m.grid[k]), s);
    flaws.collinear = flaws.collinear | at.collinear;
    flaws.degenerate = flaws.degenerate | at.degenerate;
    grid_value[k] = profile_deviance(s.factor, p, m.reml, d, groups.log_det_V_on_grid(k));
  }
  const FoundLambda found = find_lambda(
      m.grid,
      m.num_grid,
      grid_value,
      ~(flaws.collinear | flaws.degenerate),
      m.search_offset,
      [&](Lanes lambda) __attribute__((always_inline)) {
        factorize(groups, within, q, lambda, s);
        return profile_slope(groups, p, m.reml, d, s);
      },
      [&](Lanes lambda) __attribute__((always_inline)) {
        factorize(groups, within, q, lambda, s);
        return profile_deviance(s.factor, p, m.reml, d, groups.log_det_V(lambda));
      });

  factorize(groups, within, q, found.lambda, s);
  const Lanes pivot = s.factor[packed(p, p)];
  const Lanes variance = pivot * pivot / d;
  const Lanes sigma = sqrt(variance);
  const Lanes one = broadcast(1.0);
  const Lanes value =
      profile_deviance(s.factor, p, m.reml, d, groups.log_det_V(found.lambda));
  const Lanes deviance = fma(d, one + log(broadcast(6.283185307179586) / d), value);

  const LaneWriter writer(
      out, p, found.converged, found.boundary, flaws.collinear, flaws.degenerate);
  solve_beta(m, beta_shift == nullptr ? m.origin[p] : 0.0, s);
  for (int k = 0; k < p; ++k) {
    const double shift = beta_shift == nullptr ? 0.0 : beta_shift[k];
    writer.estimate(k, s.vector[k] + broadcast(shift));
  }
  writer.estimate(p, sigma * sqrt(found.lambda));
  writer.estimate(p + 1, sigma);
  writer.log_likelihood(broadcast(-0.5) * deviance);
  if (out.std_error == nullptr) return;
  for (int k = 0; k < p; ++k) {
    writer.std_error(k, sigma * sqrt(unscaled_variance(m, k, s)));
  }
  const Slope slope = profile_slope(groups, p, m.reml, d, s);
  const SdErrors sds = sd_errors(slope, found, sigma, d);
  writer.std_error(p, sds.tau);
  writer.std_error(p + 1, sds.sigma);
}

/// Lays the scratch out; `own` are the pairs of the replicate's own within matrix.
struct Layout {
  Lanes* own;
  Lanes* times;  // J + 1: how often a group counts, or its drawn response
  Lanes* grid_value;
  ProfileScratch scratch;
};

MERIT_INLINE Layout lay_out(const GroupConstants& m, double* memory) {
  const int q = m.p + 1, pairs = q * (q + 1) / 2;
  auto* at = reinterpret_cast<Lanes*>(memory);
  Layout layout;
  const auto take = [&at](int count) __attribute__((always_inline)) {
    Lanes* from = at;
    at += count;
    return from;
  };
  layout.own = take(pairs);
  layout.times = take(m.num_groups + 1);
  layout.grid_value = take(m.num_grid);
  layout.scratch.factor = take(pairs);
  layout.scratch.inverse = take(q);
  layout.scratch.coefficient = take(m.num_groups);
  layout.scratch.product = take(pairs);
  layout.scratch.tile = take(kGroupTile * q);
  layout.scratch.vector = take(q);
  return layout;
}

/// How often each group is drawn in J draws: of the c groups of draw's pool the ⌊c u⌋-th, with
/// 64-bit u.
MERIT_INLINE void draw_groups(const RandomLanes& stream,
                              const GroupConstants& m,
                              Lanes* times) {
  auto* counts = reinterpret_cast<double*>(times);
  for (int j = 0; j < m.num_groups; ++j)
    times[j] = broadcast(0.0);
  for (int draw = 0; draw < m.num_groups; draw += 2) {
    const RandomBits bits = random_bits(stream, static_cast<std::uint32_t>(draw / 2));
    std::uint64_t words[2 * kLanes];
    __builtin_memcpy(words, &bits.first, sizeof bits.first);
    __builtin_memcpy(words + kLanes, &bits.second, sizeof bits.second);
    const int here = draw + 1 < m.num_groups ? 2 : 1;
    for (int t = 0; t < here * kLanes; ++t) {
      __extension__ typedef unsigned __int128 Wide;
      const GroupPool pool = m.pool[draw + t / kLanes];
      const auto at = static_cast<std::int64_t>(
          (static_cast<Wide>(words[t]) * static_cast<std::uint64_t>(pool.count)) >> 64);
      const std::int64_t group = m.member[pool.first + at];
      counts[group * kLanes + t % kLanes] += 1.0;
    }
  }
}

void draw_groups_and_fit(const GroupConstants& m,
                         std::uint64_t seed,
                         std::int64_t first,
                         const ReplicateSpan& out,
                         double* memory) {
  const int q = m.p + 1, pairs = q * (q + 1) / 2;
  const Layout layout = lay_out(m, memory);
  const RandomLanes stream{seed, Purpose::group_bootstrap, consecutive(first)};
  draw_groups(stream, m, layout.times);
  const DrawnGroups groups{m, layout.times, m.num_groups};
  for (int ab = 0; ab < pairs; ++ab)
    layout.own[ab] = broadcast(0.0);
  add_weighted(m.group_within, pairs, m.num_groups, layout.times, layout.own);
  Lanes num_obs = broadcast(0.0);
  for (int j = 0; j < m.num_groups; ++j) {
    num_obs = fma(layout.times[j], groups.size(j), num_obs);
  }
  fit_and_write(
      m, groups, layout.own, num_obs, nullptr, out, layout.scratch, layout.grid_value);
}

/// W of [x, y] for a drawn response: W_xx, W_xy = σ R z, W_yy = σ²(‖z‖² + χ²).
MERIT_INLINE void draw_within(const GroupConstants& m,
                              const GroupedModel& model,
                              const RandomLanes& stream,
                              std::uint32_t draw,
                              Lanes* z,
                              Lanes* within) {
  const int p = m.p;
  const Lanes sigma = broadcast(model.sigma);
  fill_normals(stream, draw, model.rank, z);
  Lanes square = broadcast(0.0);
  for (int c = 0; c < model.rank; ++c) {
    z[c] = sigma * z[c];
    square = fma(z[c], z[c], square);
  }
  for (int ab = 0; ab < packed(p, 0); ++ab)
    within[ab] = broadcast(m.within[ab]);
  Lanes* last = within + packed(p, 0);
  for (int a = 0; a < p; ++a) {
    last[a] = broadcast(0.0);
    for (int c = 0; c < model.rank; ++c) {
      last[a] =
          fma(broadcast(model.root[std::int64_t{a} * model.rank + c]), z[c], last[a]);
    }
  }
  const auto next = draw + static_cast<std::uint32_t>((model.rank + 1) / 2);
  last[p] = fma(sigma * sigma, chi_squared(stream, next, model.within_df), square);
}

void draw_model_and_fit(const GroupConstants& m,
                        const GroupedModel& model,
                        std::uint64_t seed,
                        std::int64_t first,
                        const ReplicateSpan& out,
                        double* memory) {
  const Layout layout = lay_out(m, memory);
  const RandomLanes stream{seed, Purpose::parametric_bootstrap, consecutive(first)};
  Lanes* response = layout.times;
  fill_normals(stream, 0, m.num_groups, response);
  double num_obs = 0.0;
  for (int j = 0; j < m.num_groups; ++j) {
    response[j] = response[j] * broadcast(model.mean_sd[j]);
    num_obs += m.size[j];
  }
  const auto next = static_cast<std::uint32_t>((m.num_groups + 1) / 2);
  draw_within(m, model, stream, next, layout.scratch.vector, layout.own);
  const ModelGroups groups{m, response, m.num_groups};
  fit_and_write(m,
                groups,
                layout.own,
                broadcast(num_obs),
                model.beta,
                out,
                layout.scratch,
                layout.grid_value);
}

void fit(const GroupConstants& m,
         const GroupedLanesData& data,
         const ReplicateSpan& out,
         double* memory) {
  const int q = m.p + 1, pairs = q * (q + 1) / 2;
  const Layout layout = lay_out(m, memory);
  const GivenGroups groups{m, data, m.num_groups};
  for (int ab = 0; ab < pairs; ++ab) {
    layout.own[ab] = load(data.within + std::int64_t{ab} * kLanes);
  }
  Lanes num_obs = broadcast(0.0);
  for (int j = 0; j < m.num_groups; ++j)
    num_obs = num_obs + groups.size(j);
  fit_and_write(
      m, groups, layout.own, num_obs, nullptr, out, layout.scratch, layout.grid_value);
}

}  // namespace

GroupedKernels grouped_kernels() {
  return {draw_groups_and_fit, draw_model_and_fit, fit};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
