// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/fit/fit_result.hpp"
#include "engine/inference/coefficient_inference.hpp"
#include "engine/inference/profile_interval.hpp"
#include "engine/report/report.hpp"

namespace merit {

/// One `fixed` row per coefficient: estimate, SE, statistic = estimate / SE, two-sided p and
/// the interval estimate ± quantile × SE, by t with the given df or the normal distribution.
/// An SE that is 0 or not finite, or df that is not positive, leaves them absent.
/// @param terms  p names
std::vector<TidyRow> fixed_effect_rows(const FitResult& fit,
                                       std::span<const std::string> terms,
                                       const CoefficientInference& inference,
                                       double level = 0.95);

/// Puts profile-likelihood intervals into the rows of their terms. Infinite ends stay.
void use_profile(std::span<const ProfiledParameter> profile, std::vector<TidyRow>& rows);

/// The `contrast` rows: one row of L as t of (estimate − null value) / SE with an interval,
/// several as F with its denominator as `df`.
std::vector<TidyRow> contrast_rows(std::span<const TestResult> tests,
                                   double level = 0.95);

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

}  // namespace merit
