// SPDX-License-Identifier: MIT
#pragma once

#include "engine/fit/glmm_fit.hpp"

namespace merit {

/// Variants of first-order quasi-likelihood.
struct QuasiOptions {
  bool marginal = false;              ///< MQL: expanded about b = 0, not about the modes
  Criterion inner = Criterion::reml;  ///< of the working linear model
  bool free_scale = true;             ///< its residual sd is estimated; else 1
  double tolerance = 1e-11;           ///< of η, relative to 1 + |η|
  int max_iterations = 300;
};

/// Penalised (PQL) or marginal (MQL) quasi-likelihood of first order (Breslow & Clayton 1993;
/// Goldstein 1991), binomial and Poisson. From η, offset left out, the working response and
/// weights
///
///     z = η + (y − mμ)/(m μ′),    w = m μ′²/v(μ),    v: μ(1 − μ) or μ
///
/// are those of a linear model z = Xβ + b_j + ε, ε ~ N(0, σ²/w), fitted by REML or ML; its β̂
/// and modes give the next η, until nothing changes. With ω_j = Σw and q_j = Σw(z − Xβ)
///
///     XᵀV⁻¹X = Σ_j [XᵀWX − λ/(1 + λω_j) (XᵀW1)(XᵀW1)ᵀ],    b̂_j = λq_j/(1 + λω_j)
///
/// and λ = τ²/σ² is the root of the criterion's derivative. The default, REML inside and a
/// free scale, is MASS::glmmPQL's with REML; ML inside is glmmPQL as it is; a scale of 1 that
/// of HLM and SAS GLIMMIX for binary responses, MLwiN's with `marginal`.
///
/// There is no likelihood (NaN); standard errors are those of the last working model,
/// conditional on λ̂.
/// @throws DataError as fit_glmm
GlmmFit fit_quasi(const GlmmModel& model, const QuasiOptions& options, SimdLevel simd);

}  // namespace merit
