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
void add_inference(TidyRow& row, const Distribution& reference, double level) {
  const double estimate = *row.estimate;
  const double se = *row.std_error;
  if (!std::isfinite(estimate) || !std::isfinite(se) || se <= 0.0) return;
  const double quantile = boost::math::quantile(reference, (1.0 + level) / 2.0);
  row.statistic = estimate / se;
  row.p_value = std::min(1.0,
                         2.0 * boost::math::cdf(boost::math::complement(
                                   reference, std::abs(*row.statistic))));
  row.conf_low = estimate - quantile * se;
  row.conf_high = estimate + quantile * se;
  row.conf_type = "wald";
}

}  // namespace

std::vector<TidyRow> fixed_effect_rows(const FitResult& fit,
                                       std::span<const std::string> terms,
                                       std::int64_t num_obs,
                                       const WaldOptions& options) {
  assert(std::ssize(terms) == fit.beta.size());
  std::vector<TidyRow> rows;
  for (Eigen::Index i = 0; i < fit.beta.size(); ++i) {
    TidyRow row;
    row.effect = "fixed";
    row.term = terms[static_cast<std::size_t>(i)];
    row.estimate = fit.beta[i];
    row.std_error = std::sqrt(fit.vcov(i, i));
    if (options.df == DfMethod::normal) {
      add_inference(row, boost::math::normal(), options.level);
    } else if (const std::int64_t df = num_obs - fit.beta.size(); df > 0) {
      row.df = static_cast<double>(df);
      add_inference(row, boost::math::students_t(*row.df), options.level);
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
  if (std::isfinite(fit.tau_std_error)) between.std_error = fit.tau_std_error;
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
    add_inference(row, boost::math::normal(), level);
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

CoefficientCovariance coefficient_covariance(const FitResult& fit,
                                             std::vector<std::string> terms) {
  return {std::move(terms), fit.vcov};
}

}  // namespace merit
