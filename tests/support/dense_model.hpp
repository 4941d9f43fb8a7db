// SPDX-License-Identifier: MIT
#pragma once

// The random-intercept model as the textbook writes it, with matrices of all n rows: slow,
// and independent of every identity that the engine uses. `Real` is long double or a
// multiprecision number.
//
//     V = I + λ Z Zᵀ,    β̂ = (Xᵀ V⁻¹ X)⁻¹ Xᵀ V⁻¹ y,    rss = (y − Xβ̂)ᵀ V⁻¹ (y − Xβ̂)
//     −2 log L   = n log(2πσ²) + log|V| + rss/σ²
//     −2 log L_R = (n−p) log(2πσ²) + log|V| + log|Xᵀ V⁻¹ X| + rss/σ²
//     b̂ = λ Zᵀ V⁻¹ (y − Xβ̂),    Var(b | y) = σ² (λ I − λ² Zᵀ V⁻¹ Z)
//
// Searle, Casella & McCulloch (1992), Variance Components, ch. 6 and 7.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

#include "engine/fit/fit_result.hpp"
#include "tests/support/two_level_rows.hpp"

namespace merit::testing {

template <class Real>
using Dense = std::vector<std::vector<Real>>;

template <class Real>
Dense<Real> zeros(std::size_t rows, std::size_t columns) {
  return Dense<Real>(rows, std::vector<Real>(columns, Real(0)));
}

/// L with A = L Lᵀ.
template <class Real>
Dense<Real> cholesky(Dense<Real> A) {
  using std::sqrt;
  const std::size_t n = A.size();
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      for (std::size_t c = 0; c < b; ++c)
        A[a][b] -= A[a][c] * A[b][c];
      A[a][b] = a == b ? Real(sqrt(A[a][a])) : Real(A[a][b] / A[b][b]);
    }
    for (std::size_t b = a + 1; b < n; ++b)
      A[a][b] = 0;
  }
  return A;
}

/// L⁻¹ B
template <class Real>
Dense<Real> solve_lower(const Dense<Real>& L, Dense<Real> B) {
  for (std::size_t i = 0; i < L.size(); ++i) {
    for (std::size_t c = 0; c < B[i].size(); ++c) {
      for (std::size_t k = 0; k < i; ++k)
        B[i][c] -= L[i][k] * B[k][c];
      B[i][c] /= L[i][i];
    }
  }
  return B;
}

/// AᵀB
template <class Real>
Dense<Real> cross_product(const Dense<Real>& A, const Dense<Real>& B) {
  Dense<Real> C = zeros<Real>(A[0].size(), B[0].size());
  for (std::size_t i = 0; i < A.size(); ++i) {
    for (std::size_t a = 0; a < C.size(); ++a) {
      for (std::size_t b = 0; b < C[a].size(); ++b)
        C[a][b] += A[i][a] * B[i][b];
    }
  }
  return C;
}

/// The fit at a given λ.
template <class Real>
struct DenseFit {
  Real deviance;
  Real sigma;
  std::vector<Real> beta;
  Dense<Real> vcov;
  std::vector<Real> mode, mode_sd;  // groups in ascending order of key
};

template <class Real>
DenseFit<Real> dense_fit(const TwoLevelRows& rows, Real lambda, Criterion criterion) {
  using std::atan;
  using std::log;
  using std::sqrt;
  const auto n = static_cast<std::size_t>(rows.z.rows());
  const auto p = static_cast<std::size_t>(rows.num_fixed());
  Dense<Real> V = zeros<Real>(n, n), Xy = zeros<Real>(n, p + 1);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      V[i][k] =
          (rows.group[i] == rows.group[k] ? lambda : Real(0)) + Real(i == k ? 1 : 0);
    }
    for (std::size_t a = 0; a <= p; ++a)
      Xy[i][a] = Real(rows.z(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(a)));
  }
  const Dense<Real> L = cholesky(V);
  const Dense<Real> U = solve_lower(L, Xy);  // UᵀU = [X y]ᵀ V⁻¹ [X y]
  const Dense<Real> R = cholesky(cross_product(U, U));

  DenseFit<Real> fit;
  fit.beta.assign(p, Real(0));
  for (std::size_t a = p; a-- > 0;) {
    Real sum = R[p][a];
    for (std::size_t b = a + 1; b < p; ++b)
      sum -= R[b][a] * fit.beta[b];
    fit.beta[a] = sum / R[a][a];
  }
  const bool reml = criterion == Criterion::reml;
  const Real d = Real(reml ? n - p : n);
  const Real rss = R[p][p] * R[p][p];
  const Real variance = rss / d;
  fit.sigma = sqrt(variance);
  const Real two_pi = 8 * atan(Real(1));
  fit.deviance = d * log(two_pi * variance) + rss / variance;
  for (std::size_t i = 0; i < n; ++i)
    fit.deviance += 2 * log(L[i][i]);
  for (std::size_t a = 0; reml && a < p; ++a)
    fit.deviance += 2 * log(R[a][a]);

  Dense<Real> Rx = zeros<Real>(p, p), scaled = zeros<Real>(p, p);
  for (std::size_t a = 0; a < p; ++a) {
    std::copy_n(R[a].begin(), p, Rx[a].begin());
    scaled[a][a] = fit.sigma;
  }
  const Dense<Real> half = solve_lower(Rx, scaled);
  fit.vcov = cross_product(half, half);

  std::map<double, std::size_t> position;
  for (const double key : rows.group)
    position.emplace(key, 0);
  std::size_t J = 0;
  for (auto& [key, at] : position)
    at = J++;
  Dense<Real> Z = zeros<Real>(n, J), residual = zeros<Real>(n, 1);
  for (std::size_t i = 0; i < n; ++i) {
    Z[i][position.at(rows.group[i])] = 1;
    residual[i][0] = Xy[i][p];
    for (std::size_t a = 0; a < p; ++a)
      residual[i][0] -= Xy[i][a] * fit.beta[a];
  }
  const Dense<Real> H = solve_lower(L, Z);
  const Dense<Real> mode = cross_product(H, solve_lower(L, residual));
  const Dense<Real> ZtVinvZ = cross_product(H, H);
  for (std::size_t j = 0; j < J; ++j) {
    fit.mode.push_back(lambda * mode[j][0]);
    fit.mode_sd.push_back(
        sqrt(Real(variance * (lambda - lambda * lambda * ZtVinvZ[j][j]))));
  }
  return fit;
}

}  // namespace merit::testing
