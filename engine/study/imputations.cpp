// SPDX-License-Identifier: MIT
#include "engine/study/imputations.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <fmt/format.h>

namespace merit {
namespace {

double mean(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values)
    sum += value;
  return sum / static_cast<double>(values.size());
}

template <class Distribution>
void add_test(const Distribution& reference, double level, AnalysisTerm& term) {
  term.p_value = 2.0 * boost::math::cdf(
                           boost::math::complement(reference, std::abs(term.statistic)));
  const double half =
      boost::math::quantile(reference, 0.5 + 0.5 * level) * term.std_error;
  term.conf_type = "wald";
  term.conf_low = term.estimate - half;
  term.conf_high = term.estimate + half;
}

/// @param rows  of one coefficient, with standard errors
AnalysisTerm pool_coefficient(std::span<const AnalysisTerm* const> rows, double level) {
  const auto m = static_cast<double>(rows.size());
  std::vector<double> estimate, variance, df;
  for (const AnalysisTerm* row : rows) {
    estimate.push_back(row->estimate);
    variance.push_back(row->std_error * row->std_error);
    df.push_back(std::isnan(row->df) ? HUGE_VAL : row->df);
  }
  AnalysisTerm out{.effect = rows.front()->effect, .term = rows.front()->term};
  out.estimate = mean(estimate);
  double between = 0.0;
  for (const double value : estimate)
    between += (value - out.estimate) * (value - out.estimate);
  between *= (1.0 + 1.0 / m) / (m - 1.0);
  const double within = mean(variance), complete = mean(df);
  const double total = within + between, lambda = between / total;
  const double observed = std::isinf(complete) ? complete
                                               : (complete + 1.0) / (complete + 3.0) *
                                                     complete * (1.0 - lambda);
  const double nu = 1.0 / (lambda * lambda / (m - 1.0) + 1.0 / observed);
  out.std_error = std::sqrt(total);
  out.statistic = out.estimate / out.std_error;
  const double r = between / within;
  out.fmi = (r + (std::isinf(nu) ? 0.0 : 2.0 / (nu + 3.0))) / (r + 1.0);
  if (std::isinf(nu)) {  // imputations that do not differ
    add_test(boost::math::normal(), level, out);
  } else {
    out.df = nu;
    add_test(boost::math::students_t(nu), level, out);
  }
  return out;
}

/// Ū + (1 + 1/m)B of the coefficients. @param fits  all with the same
Eigen::MatrixXd pool_covariance(std::span<const AnalysisResult> fits) {
  const Eigen::Index p = fits.front().vcov.rows();
  const auto m = static_cast<Eigen::Index>(fits.size());
  Eigen::MatrixXd within = Eigen::MatrixXd::Zero(p, p), beta(p, m);
  for (Eigen::Index i = 0; i < m; ++i) {
    const AnalysisResult& fit = fits[static_cast<std::size_t>(i)];
    within += fit.vcov / static_cast<double>(m);
    Eigen::Index a = 0;
    for (const AnalysisTerm& term : fit.terms) {
      if (term.effect == "fixed") beta(a++, i) = term.estimate;
    }
  }
  const Eigen::MatrixXd off = beta.colwise() - beta.rowwise().mean();
  const double factor = (1.0 + 1.0 / static_cast<double>(m)) / static_cast<double>(m - 1);
  return within + factor * off * off.transpose();
}

}  // namespace

AnalysisResult pool(std::span<const AnalysisResult> fits, double level) {
  if (fits.size() == 1) return fits.front();
  AnalysisResult out = fits.front();
  out.log_likelihood = AnalysisTerm::kNone;
  out.terms.clear();
  for (std::size_t i = 0; i < fits.size(); ++i) {
    if (!fits[i].failure.empty()) {
      out.failure = fmt::format("imputation {}: {}", i + 1, fits[i].failure);
      return out;
    }
    out.converged = out.converged && fits[i].converged;
    if (fits[i].vcov.rows() != fits.front().vcov.rows()) out.vcov.resize(0, 0);
    out.boundary = out.boundary || fits[i].boundary;
    if (out.message.empty() && !fits[i].message.empty())
      out.message = fmt::format("imputation {}: {}", i + 1, fits[i].message);
  }
  for (const AnalysisTerm& first : fits.front().terms) {
    if (first.effect == "equality") continue;
    std::vector<const AnalysisTerm*> rows;
    std::vector<double> estimates;
    bool has_errors = true;
    for (const AnalysisResult& fit : fits) {
      const AnalysisTerm* row = fit.find(first.term);
      if (row == nullptr) break;
      rows.push_back(row);
      estimates.push_back(row->estimate);
      has_errors = has_errors && row->std_error > 0.0;
    }
    if (rows.size() < fits.size()) continue;  // a level that an imputation lacks
    if (has_errors && first.effect == "fixed") {
      out.terms.push_back(pool_coefficient(rows, level));
    } else {
      out.terms.push_back(
          {.effect = first.effect, .term = first.term, .estimate = mean(estimates)});
    }
  }
  if (out.vcov.size() > 0) out.vcov = pool_covariance(fits);
  return out;
}

}  // namespace merit
