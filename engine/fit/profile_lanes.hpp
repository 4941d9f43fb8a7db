// SPDX-License-Identifier: MIT
#pragma once

// The profiled deviance of engine/fit/profile.hpp for eight data sets at once; for
// *_kernel.cpp. `Groups` says what a lane's groups are:
//
//     int count;                                  number of groups (or slots) J
//     Lanes size(j), weight(j), mean(j, a);       n_j, how often it counts, z̄_ja
//     void add_products(coefficient, A);          A_ab += Σ_j coefficient_j z̄_ja z̄_jb

#include "engine/fit/lambda_search.hpp"
#include "engine/fit/pivot_tolerance.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

/// Nothing but rounding errors is left of W_yy below this fraction.
inline constexpr double kExactFit = 1e-13;
inline constexpr int kGroupTile = 32;

/// Packed position of (a, b), b ≤ a.
MERIT_INLINE int packed(int a, int b) {
  return a * (a + 1) / 2 + b;
}

/// Memory of one evaluation, all of it scratch.
struct ProfileScratch {
  Lanes* factor;       // pairs, L
  Lanes* inverse;      // q, 1/L_aa
  Lanes* coefficient;  // J
  Lanes* product;      // pairs, M
  Lanes* tile;         // kGroupTile × q
  Lanes* vector;       // q
};

struct FactorFlaws {
  IntLanes collinear;
  IntLanes degenerate;  // the residual sum of squares vanishes
};

/// L of A(λ) = within + Σ weight_j ω_j z̄_j z̄_jᵀ, in place of a copy of `within`.
template <class Groups>
MERIT_ONCE FactorFlaws factorize(const Groups& groups,
                                 const Lanes* within,
                                 int q,
                                 Lanes lambda,
                                 const ProfileScratch& s) {
  const Lanes one = broadcast(1.0);
  for (int j = 0; j < groups.count; ++j) {
    const Lanes size = groups.size(j);
    s.coefficient[j] = groups.weight(j) * (size / fma(lambda, size, one));
  }
  const int pairs = q * (q + 1) / 2;
  for (int ab = 0; ab < pairs; ++ab)
    s.factor[ab] = within[ab];
  groups.add_products(s.coefficient, s.factor);
  FactorFlaws flaws{broadcast_int(0), broadcast_int(0)};
  for (int a = 0; a < q; ++a) {
    Lanes* row = s.factor + packed(a, 0);
    for (int b = 0; b < a; ++b) {
      const Lanes* other = s.factor + packed(b, 0);
      Lanes sum = row[b];
      for (int c = 0; c < b; ++c)
        sum = fma(-row[c], other[c], sum);
      row[b] = sum * s.inverse[b];
    }
    Lanes pivot = row[a];
    const Lanes least = broadcast(kPivotTolerance) * pivot;
    for (int c = 0; c < a; ++c)
      pivot = fma(-row[c], row[c], pivot);
    const IntLanes lost = ~(pivot > least);
    (a + 1 < q ? flaws.collinear : flaws.degenerate) =
        (a + 1 < q ? flaws.collinear : flaws.degenerate) | lost;
    row[a] = sqrt(select(lost, one, pivot));
    s.inverse[a] = one / row[a];
  }
  return flaws;
}

/// Lanes where X and the groups together leave nothing of W_yy: their likelihood has no
/// bound. Cholesky factorisation of `within` that passes over columns without a pivot.
MERIT_INLINE IntLanes fits_exactly(const Lanes* within, int q, const ProfileScratch& s) {
  const Lanes zero = broadcast(0.0), one = broadcast(1.0);
  IntLanes exact = broadcast_int(0);
  for (int a = 0; a < q; ++a) {
    const Lanes* from = within + packed(a, 0);
    Lanes* row = s.factor + packed(a, 0);
    Lanes pivot = from[a];
    for (int b = 0; b < a; ++b) {
      const Lanes* other = s.factor + packed(b, 0);
      Lanes sum = from[b];
      for (int c = 0; c < b; ++c)
        sum = fma(-row[c], other[c], sum);
      row[b] = sum * s.inverse[b];
      pivot = fma(-row[b], row[b], pivot);
    }
    const double least = a + 1 < q ? kPivotTolerance : kExactFit;
    const IntLanes kept = pivot > broadcast(least) * from[a];
    s.inverse[a] = select(kept, one / sqrt(pivot), zero);
    exact = ~kept;
  }
  return exact;
}

/// Σ log L_aa over a < count.
MERIT_INLINE Lanes log_diagonal(const Lanes* factor, int count) {
  Lanes sum = broadcast(0.0);
  for (int a = 0; a < count; a += 8) {
    Lanes product = broadcast(1.0);
    for (int t = a; t < a + 8 && t < count; ++t)
      product = product * factor[packed(t, t)];
    sum = sum + log(product);
  }
  return sum;
}

/// f(λ) = d log rss + log|V| [+ log|A_xx|] from the factor and log|V|.
MERIT_INLINE Lanes
profile_deviance(const Lanes* factor, int p, bool reml, Lanes d, Lanes log_det_V) {
  const Lanes two = broadcast(2.0);
  const Lanes rss_part = two * d * log(factor[packed(p, p)]);
  const Lanes value = rss_part + log_det_V;
  return reml ? fma(two, log_diagonal(factor, p), value) : value;
}

/// f′ and f″ at λ, after `factorize` at λ (profile.hpp has the formulas).
template <class Groups>
MERIT_ONCE Slope
profile_slope(const Groups& groups, int p, bool reml, Lanes d, const ProfileScratch& s) {
  const int q = p + 1;
  const int pairs = q * (q + 1) / 2;
  const Lanes zero = broadcast(0.0);
  Lanes weight_sum = zero, square_sum = zero, trace_Qx = zero, Qyy = zero;
  for (int ab = 0; ab < pairs; ++ab)
    s.product[ab] = zero;
  for (int begin = 0; begin < groups.count; begin += kGroupTile) {
    const int end = begin + kGroupTile < groups.count ? begin + kGroupTile : groups.count;
    for (int j = begin; j < end; ++j) {
      // ω and h = L⁻¹ z̄, stored as √weight·ω·h, so that products sum to M.
      const Lanes weight = groups.weight(j);
      const Lanes coefficient = s.coefficient[j];  // weight · ω
      const IntLanes drawn = weight > zero;
      const Lanes omega = select(drawn, coefficient / weight, zero);
      const Lanes scale = omega * sqrt(weight);
      Lanes* h = s.tile + (j - begin) * q;
      Lanes norm = zero;
      for (int a = 0; a < q; ++a) {
        const Lanes* row = s.factor + packed(a, 0);
        Lanes sum = scale * groups.mean(j, a);
        for (int c = 0; c < a; ++c)
          sum = fma(-row[c], h[c], sum);
        h[a] = sum * s.inverse[a];
        if (a < p) norm = fma(h[a], h[a], norm);
      }
      weight_sum = weight_sum + coefficient;
      square_sum = fma(coefficient, omega, square_sum);
      trace_Qx = fma(omega, norm, trace_Qx);
      Qyy = fma(omega, h[p] * h[p], Qyy);
    }
    // M is needed whole for REML, its last row alone for ML.
    for (int a = reml ? 0 : p; a < q; ++a) {
      for (int b = 0; b <= a; ++b) {
        Lanes sum = s.product[packed(a, b)];
        for (int j = 0; j < end - begin; ++j) {
          sum = fma(s.tile[j * q + a], s.tile[j * q + b], sum);
        }
        s.product[packed(a, b)] = sum;
      }
    }
  }
  const Lanes two = broadcast(2.0);
  const Lanes* last = s.product + packed(p, 0);
  const Lanes Myy = last[p];
  Lanes row_square = zero;
  for (int a = 0; a < p; ++a)
    row_square = fma(last[a], last[a], row_square);
  Slope slope;
  slope.log_rss = -Myy;
  slope.first = weight_sum - d * Myy;
  slope.second = d * (two * Qyy - Myy * Myy - two * row_square) - square_sum;
  if (!reml) return slope;
  Lanes trace = zero, off_diagonal = zero, diagonal = zero;
  for (int a = 0; a < p; ++a) {
    for (int b = 0; b < a; ++b) {
      const Lanes m = s.product[packed(a, b)];
      off_diagonal = fma(m, m, off_diagonal);
    }
    const Lanes m = s.product[packed(a, a)];
    trace = trace + m;
    diagonal = fma(m, m, diagonal);
  }
  slope.first = slope.first - trace;
  slope.second = slope.second + two * trace_Qx - (diagonal + two * off_diagonal);
  return slope;
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
