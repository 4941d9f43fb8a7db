// SPDX-License-Identifier: MIT
#include "engine/study/imputations.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
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

/// Of several coefficients together.
struct Pooled {
  Eigen::VectorXd estimate;  ///< q̄
  Eigen::MatrixXd within;    ///< Ū
  Eigen::MatrixXd between;   ///< (1 + 1/m)B
};

/// All coefficients. @param fits  all with the same
Pooled pool_all(std::span<const AnalysisResult> fits) {
  const Eigen::Index p = fits.front().vcov.rows();
  const auto m = static_cast<Eigen::Index>(fits.size());
  Pooled out{.estimate = {}, .within = Eigen::MatrixXd::Zero(p, p), .between = {}};
  Eigen::MatrixXd beta(p, m);
  for (Eigen::Index i = 0; i < m; ++i) {
    const AnalysisResult& fit = fits[static_cast<std::size_t>(i)];
    out.within += fit.vcov / static_cast<double>(m);
    Eigen::Index a = 0;
    for (const AnalysisTerm& term : fit.terms) {
      if (term.effect == "fixed") beta(a++, i) = term.estimate;
    }
  }
  out.estimate = beta.rowwise().mean();
  const Eigen::MatrixXd off = beta.colwise() - out.estimate;
  const double factor = (1.0 + 1.0 / static_cast<double>(m)) / static_cast<double>(m - 1);
  out.between = factor * off * off.transpose();
  return out;
}

/// Where the tested coefficients stand among the fixed ones; fewer if some are not there.
std::vector<Eigen::Index> places_of(const AnalysisTerm& test, const AnalysisResult& fit) {
  std::vector<Eigen::Index> places;
  Eigen::Index at = 0;
  for (const AnalysisTerm& term : fit.terms) {
    if (term.effect != "fixed") continue;
    if (std::find(test.tested.begin(), test.tested.end(), term.term) != test.tested.end())
      places.push_back(at);
    ++at;
  }
  return places;
}

/// D₁. @param places  of the k coefficients in `pooled`
AnalysisTerm pool_test(const AnalysisTerm& test,
                       const Pooled& pooled,
                       const std::vector<Eigen::Index>& places,
                       std::size_t num_imputations) {
  const auto k = static_cast<double>(places.size());
  const Eigen::VectorXd q = pooled.estimate(places);
  const Eigen::LLT<Eigen::MatrixXd> within(pooled.within(places, places));
  const double r = within.solve(pooled.between(places, places)).trace() / k;
  const double t = k * (static_cast<double>(num_imputations) - 1.0);
  AnalysisTerm out{.effect = test.effect, .term = test.term, .tested = test.tested};
  out.statistic = q.dot(within.solve(q)) / (k * (1.0 + r));
  if (r <= 0.0) {  // imputations that do not differ
    out.p_value = boost::math::cdf(
        boost::math::complement(boost::math::chi_squared(k), k * out.statistic));
    return out;
  }
  const double slope = 1.0 + (1.0 - 2.0 / t) / r;
  out.df = t > 4.0 ? 4.0 + (t - 4.0) * slope * slope
                   : t * (1.0 + 1.0 / k) * (1.0 + 1.0 / r) * (1.0 + 1.0 / r) / 2.0;
  out.p_value = boost::math::cdf(
      boost::math::complement(boost::math::fisher_f(k, out.df), out.statistic));
  return out;
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
  const Pooled pooled = out.vcov.size() > 0 ? pool_all(fits) : Pooled{};
  for (const AnalysisTerm& first : fits.front().terms) {
    if (first.effect == "equality") {
      const std::vector<Eigen::Index> places = places_of(first, fits.front());
      if (out.vcov.size() > 0 && !places.empty() && places.size() == first.tested.size())
        out.terms.push_back(pool_test(first, pooled, places, fits.size()));
      continue;
    }
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
  if (out.vcov.size() > 0) out.vcov = pooled.within + pooled.between;
  return out;
}

}  // namespace merit
