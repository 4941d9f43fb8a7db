// SPDX-License-Identifier: MIT
#include "engine/resample/parametric_kernel.hpp"

#include "engine/fit/rotated_lanes.hpp"
#include "engine/fit/sd_error_lanes.hpp"
#include "engine/random/random_lanes.hpp"
#include "engine/resample/write_lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

/// Memory of one fit, all of it scratch.
struct FitScratch {
  Lanes* shrink;  // r, 1/(1 + λμ_i)
  Lanes* part;    // r
  Lanes* value;   // num_grid
};

/// Finds λ̂ and writes the replicate. `beta_at_zero` is what β̂ is made of besides the
/// groups' part: β̂_OLS, or β + L z for drawn data; `shift` as in ParametricConstants
/// (null: zeros), so that β̂(λ) = beta_at_zero + Σ_i C_i √μ_i w_i (shift_i − λ/(1 + λμ_i)).
MERIT_INLINE void fit_and_write(const ParametricConstants& m,
                                const RotatedData& data,
                                const Lanes* beta_at_zero,
                                const double* shift,
                                const ReplicateSpan& out,
                                const FitScratch& scratch) {
  const Lanes one = broadcast(1.0), d = broadcast(m.criterion_df);
  const FoundLambda found = find_rotated_lambda(m, data, scratch.value);
  const Lanes lambda = found.lambda;

  Lanes* shrink = scratch.shrink;
  Lanes* part = scratch.part;
  Lanes S = data.S0;
  for (int i = 0; i < m.r; ++i) {
    shrink[i] = one / fma(lambda, broadcast(m.mu[i]), one);
    S = fma(data.w_square[i], shrink[i], S);
    const Lanes moved = broadcast(shift == nullptr ? 0.0 : shift[i]) - lambda * shrink[i];
    part[i] = data.w[i] * moved;
  }
  const Lanes sigma = sqrt(S / d);
  const Lanes tau = sigma * sqrt(lambda);
  const Lanes log_sigma_part = log(broadcast(6.283185307179586) * (S / d));
  const Lanes deviance = fma(
      d, one + log_sigma_part, broadcast(m.log_constant) + log_determinant(m, lambda));

  const LaneWriter writer(out, m.p, found.converged, found.boundary);
  for (int k = 0; k < m.p; ++k) {
    const double* direction = m.direction + std::int64_t{k} * m.r;
    Lanes beta = beta_at_zero[k];
    for (int i = 0; i < m.r; ++i)
      beta = fma(part[i], broadcast(direction[i]), beta);
    writer.estimate(k, beta);
  }
  writer.estimate(m.p, tau);
  writer.estimate(m.p + 1, sigma);
  writer.log_likelihood(broadcast(-0.5) * deviance);
  if (out.std_error == nullptr) return;
  for (int k = 0; k < m.p; ++k) {
    const double* square = m.direction_squared + std::int64_t{k} * m.r;
    Lanes between = broadcast(m.var_null[k]);
    for (int i = 0; i < m.r; ++i)
      between = fma(shrink[i], broadcast(square[i]), between);
    writer.std_error(k, sigma * sqrt(fma(lambda, between, broadcast(m.var_at_zero[k]))));
  }
  const SdErrors sds = sd_errors(slope_at(m, data, lambda), found, sigma, d);
  writer.std_error(m.p, sds.tau);
  writer.std_error(m.p + 1, sds.sigma);
}

void draw_and_fit(const ParametricConstants& m,
                  std::uint64_t seed,
                  std::int64_t first,
                  const ReplicateSpan& out,
                  double* scratch) {
  auto* lanes = reinterpret_cast<Lanes*>(scratch);
  Lanes* w = lanes;  // r normals, then p more
  Lanes* z = w + m.r;
  Lanes* w_square = z + m.p + 1;
  Lanes* rest = w_square + m.r;
  const FitScratch fit_scratch{rest, rest + m.r, rest + 2 * std::int64_t{m.r}};
  const RandomLanes stream{seed, Purpose::parametric_bootstrap, consecutive(first)};
  fill_normals(stream, 0, m.r + m.p, w);
  const auto next_draw = static_cast<std::uint32_t>((m.r + m.p + 1) / 2);
  const Lanes sigma = broadcast(m.sigma);
  RotatedData data{
      w, w_square, chi_squared(stream, next_draw, m.residual_df) * sigma * sigma};
  for (int i = 0; i < m.r; ++i) {
    w[i] = w[i] * broadcast(m.draw_sd[i]);
    w_square[i] = w[i] * w[i];
  }
  for (int k = m.p - 1; k >= 0; --k) {  // β + L z in place, last row first
    Lanes beta = broadcast(m.beta[k]);
    for (int c = 0; c <= k; ++c) {
      beta = fma(broadcast(m.beta_factor[std::int64_t{k} * m.p + c]), z[c], beta);
    }
    z[k] = beta;
  }
  fit_and_write(m, data, z, m.draw_shift, out, fit_scratch);
}

void fit(const ParametricConstants& m,
         const double* w_in,
         const double* S0,
         const double* beta_ols,
         const ReplicateSpan& out,
         double* scratch) {
  auto* lanes = reinterpret_cast<Lanes*>(scratch);
  Lanes* w = lanes;
  Lanes* beta = w + m.r;
  Lanes* w_square = beta + m.p + 1;
  Lanes* rest = w_square + m.r;
  const FitScratch fit_scratch{rest, rest + m.r, rest + 2 * std::int64_t{m.r}};
  for (int i = 0; i < m.r; ++i) {
    w[i] = load(w_in + std::int64_t{i} * kLanes);
    w_square[i] = w[i] * w[i];
  }
  for (int k = 0; k < m.p; ++k)
    beta[k] = load(beta_ols + std::int64_t{k} * kLanes);
  fit_and_write(m, RotatedData{w, w_square, load(S0)}, beta, nullptr, out, fit_scratch);
}

}  // namespace

ParametricKernels parametric_kernels() {
  return {draw_and_fit, fit};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
