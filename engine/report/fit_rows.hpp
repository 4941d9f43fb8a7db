// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/fit/fit_result.hpp"
#include "engine/report/report.hpp"

namespace merit {

/// Reference distribution of estimate / standard error: `--df`.
enum class DfMethod {
  normal,    ///< standard normal, no df
  residual,  ///< t with n − p degrees of freedom
};

struct WaldOptions {
  double level = 0.95;
  DfMethod df = DfMethod::normal;
};

/// One `fixed` row per coefficient: estimate, SE, statistic = estimate / SE, two-sided p and
/// the interval estimate ± quantile × SE. An SE that is 0 or not finite leaves them absent.
/// @param terms  p names
std::vector<TidyRow> fixed_effect_rows(const FitResult& fit,
                                       std::span<const std::string> terms,
                                       std::int64_t num_obs,
                                       const WaldOptions& options = {});

/// The `ran_pars` rows: sd__(Intercept) (τ̂) of `group` and, where there is one,
/// sd__Observation (σ̂).
std::vector<TidyRow> variance_rows(const FitResult& fit, const std::string& group);

/// One `ran_vals` row per group: mode, conditional sd and mode ± z × sd.
/// @param levels  J names of groups
std::vector<TidyRow> group_mode_rows(const GroupModes& modes,
                                     const std::string& group,
                                     std::span<const std::string> levels,
                                     double level = 0.95);

/// AIC, BIC and residual df as R's lme4 gives them (`REML` fits too): k = p + 2 parameters,
/// BIC with log n.
Glance glance(const FitResult& fit, std::int64_t num_obs, std::int64_t num_groups);

/// @param sizes  J ≥ 1, rows per group
GroupInfo describe_groups(const std::string& name, std::vector<std::int64_t> sizes);

CoefficientCovariance coefficient_covariance(const FitResult& fit,
                                             std::vector<std::string> terms);

}  // namespace merit
