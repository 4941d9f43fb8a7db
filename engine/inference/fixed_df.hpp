// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/inference/wald.hpp"

namespace merit {

/// Degrees of freedom that belong to columns: one number per coefficient, known before the
/// fit. A hypothesis about several has the smallest of those whose coefficients it names.
///
/// @param df  p; infinite: normal; not positive: no test
std::unique_ptr<WaldMethod> fixed_df(const Eigen::VectorXd& beta,
                                     const Eigen::MatrixXd& vcov,
                                     const Eigen::VectorXd& df);

/// Between-within degrees of freedom of the columns of X: with J groups, p₁ columns that vary
/// within groups and p₂ (the intercept among them) that do not,
///
///     J − p₂  for the latter       n − J − p₁  for the former.
///
/// J − q − 1 with an intercept and q other columns of groups, the rule of multilevel
/// textbooks (Snijders & Bosker 2012, Multilevel Analysis, § 6.1) and of SAS's DDFM=BW.
Eigen::VectorXd between_within_df(const GroupedStats& stats);

}  // namespace merit
