// SPDX-License-Identifier: MIT
#include "engine/report/fit_rows.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace merit {
namespace {

/// The coefficients, τ and, where there is one, σ.
std::int64_t num_parameters(const FitResult& fit) {
  return fit.beta.size() + (fit.has_sigma() ? 2 : 1);
}

/// Adds statistic, p and interval to a row with estimate and SE.
template <class Distribution>
void add_wald(TidyRow& row,
              const Distribution& reference,
              double level,
              double null_value = 0.0) {
  const double estimate = *row.estimate;
  const double se = *row.std_error;
  if (!std::isfinite(estimate) || !std::isfinite(se) || se <= 0.0) return;
  const double quantile = boost::math::quantile(reference, (1.0 + level) / 2.0);
  row.statistic = (estimate - null_value) / se;
  row.p_value = std::min(1.0,
                         2.0 * boost::math::cdf(boost::math::complement(
                                   reference, std::abs(*row.statistic))));
  row.conf_low = estimate - quantile * se;
  row.conf_high = estimate + quantile * se;
  row.conf_type = "wald";
}

/// The same by t, or by the normal distribution if df is infinite.
void add_wald(TidyRow& row, double df, double level, double null_value = 0.0) {
  if (std::isinf(df) && df > 0.0) {
    add_wald(row, boost::math::normal(), level, null_value);
  } else if (df > 0.0) {
    row.df = df;
    add_wald(row, boost::math::students_t(df), level, null_value);
  }
}

}  // namespace

std::vector<TidyRow> fixed_effect_rows(const FitResult& fit,
                                       std::span<const std::string> terms,
                                       const CoefficientInference& inference,
                                       double level) {
  assert(std::ssize(terms) == fit.beta.size());
  std::vector<TidyRow> rows;
  for (Eigen::Index i = 0; i < fit.beta.size(); ++i) {
    TidyRow row;
    row.effect = "fixed";
    row.term = terms[static_cast<std::size_t>(i)];
    row.estimate = fit.beta[i];
    row.std_error = std::sqrt(inference.vcov(i, i));
    add_wald(row, inference.df[i], level);
    rows.push_back(std::move(row));
  }
  return rows;
}

void use_profile(std::span<const ProfiledParameter> profile, std::vector<TidyRow>& rows) {
  for (TidyRow& row : rows) {
    for (const ProfiledParameter& parameter : profile) {
      if (row.term != parameter.term) continue;
      row.conf_low = parameter.low;
      row.conf_high = parameter.high;
      row.conf_type = "profile";
    }
  }
}

std::vector<TidyRow> contrast_rows(std::span<const TestResult> tests, double level) {
  std::vector<TidyRow> rows;
  for (const TestResult& test : tests) {
    if (test.kind != "contrast") continue;
    TidyRow row;
    row.effect = "contrast";
    row.term = test.hypothesis;
    if (test.estimate) {
      row.estimate = test.estimate;
      row.std_error = test.std_error;
      add_wald(row, test.den_df.value_or(HUGE_VAL), level, test.null_value.value_or(0.0));
    } else {
      row.statistic = test.statistic;
      row.df = test.den_df;
      row.p_value = test.p_value;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<TidyRow> variance_rows(const FitResult& fit, const std::string& group) {
  TidyRow between;
  between.effect = "ran_pars";
  between.group = group;
  between.term = "sd__(Intercept)";
  between.estimate = fit.tau;
  // Of Gaussian models, as lme4, none: it says little of an estimate so far from normal.
  const bool shows_error = !fit.method.empty() && std::isfinite(fit.tau_std_error);
  if (shows_error) between.std_error = fit.tau_std_error;
  if (!fit.has_sigma()) return {between};
  TidyRow residual;
  residual.effect = "ran_pars";
  residual.group = "Residual";
  residual.term = "sd__Observation";
  residual.estimate = fit.sigma;
  return {between, residual};
}

std::vector<TidyRow> group_mode_rows(const GroupModes& modes,
                                     const std::string& group,
                                     std::span<const std::string> levels,
                                     double level) {
  assert(std::ssize(levels) == modes.mode.size());
  std::vector<TidyRow> rows;
  for (Eigen::Index j = 0; j < modes.mode.size(); ++j) {
    TidyRow row;
    row.effect = "ran_vals";
    row.group = group;
    row.level = levels[static_cast<std::size_t>(j)];
    row.term = "(Intercept)";
    row.estimate = modes.mode[j];
    row.std_error = modes.sd[j];
    add_wald(row, boost::math::normal(), level);
    // A prediction, not a parameter to test: broom.mixed gives it neither.
    row.statistic.reset();
    row.p_value.reset();
    rows.push_back(std::move(row));
  }
  return rows;
}

Glance glance(const FitResult& fit, std::int64_t num_obs, std::int64_t num_groups) {
  const auto k = static_cast<double>(num_parameters(fit));
  Glance out;
  out.num_obs = num_obs;
  out.num_groups = num_groups;
  out.log_likelihood = fit.log_likelihood;
  out.deviance = -2.0 * fit.log_likelihood;
  out.aic = out.deviance + 2.0 * k;
  out.bic = out.deviance + k * std::log(static_cast<double>(num_obs));
  if (fit.has_sigma()) out.sigma = fit.sigma;
  if (std::isfinite(fit.icc())) out.icc = fit.icc();
  if (std::isfinite(fit.response_icc)) out.response_icc = fit.response_icc;
  out.quadrature = fit.quadrature;
  out.df_residual = num_obs - num_parameters(fit);
  out.converged = fit.converged;
  out.boundary = fit.on_boundary;
  out.iterations = fit.iterations;
  out.message = fit.message;
  return out;
}

GroupInfo describe_groups(const std::string& name, std::vector<std::int64_t> sizes) {
  GroupInfo out;
  out.name = name;
  out.count = std::ssize(sizes);
  if (sizes.empty()) return out;
  std::sort(sizes.begin(), sizes.end());
  out.min = sizes.front();
  out.max = sizes.back();
  const std::size_t half = sizes.size() / 2;
  const auto upper = static_cast<double>(sizes[half]);
  out.median = sizes.size() % 2 == 1
                   ? upper
                   : (static_cast<double>(sizes[half - 1]) + upper) / 2.0;
  return out;
}

}  // namespace merit
