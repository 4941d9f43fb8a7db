// SPDX-License-Identifier: MIT
#pragma once

#include "engine/fit/glmm_fit.hpp"

namespace merit {

/// Intraclass correlation on the scale of a binary response: with p(b) = F(η̄ + b), η̄ the mean
/// of x'β + offset over the rows and b ~ N(0, τ²),
///
///     Var p / (Var p + E p(1 − p))
///
/// by quadrature (Goldstein, Browne & Rasbash 2002, Understanding Statistics 1(4), method D).
/// NaN for other families.
double response_icc(const GlmmModel& model, const Eigen::VectorXd& psi);

}  // namespace merit
