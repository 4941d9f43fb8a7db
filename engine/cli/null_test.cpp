// SPDX-License-Identifier: MIT
#include "engine/cli/null_test.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/math/distributions/chi_squared.hpp>
#include <fmt/format.h>

#include "engine/inference/kenward_roger.hpp"

namespace merit {
namespace {

/// Of data that `fit` is a model of, with this formula, by maximum likelihood.
ModelOptions by_ml(const ModelOptions& options, const std::string& formula) {
  ModelOptions out = options;
  out.formula = formula;
  if (options.is_gaussian()) out.method = "ml";
  return out;
}

/// A separated column leaves the likelihood a limit, which is as good as a maximum.
bool has_likelihood(const FittedModel& fit) {
  const bool separated = fit.glmm && !fit.glmm->diverging.empty();
  return fit.result.converged || separated;
}

}  // namespace

double ComparedFits::statistic() const {
  if (!has_likelihood(model) || !has_likelihood(null))
    return std::numeric_limits<double>::quiet_NaN();
  return std::max(0.0, 2.0 * (model.result.log_likelihood - null.result.log_likelihood));
}

ComparedFits compare_fits(const ModelOptions& options,
                          const ModelData& data,
                          const FittedModel& fitted,
                          SimdLevel simd) {
  const bool refit = options.is_gaussian() && options.criterion() == Criterion::reml;
  ModelOptions null = by_ml(options, *options.null);
  // The same rule for both: its error then largely cancels.
  if (fitted.glmm && options.nagq == "auto")
    null.nagq = fmt::format("{}", fitted.glmm->num_nodes);
  return {
      .model = refit ? fit_model(by_ml(options, options.formula), data, simd) : fitted,
      .null = fit_model(null, data.nested->data, simd)};
}

TestResult likelihood_ratio_test(const ModelOptions& options,
                                 const ModelData& data,
                                 const ComparedFits& fits) {
  TestResult out;
  out.kind = "null";
  out.hypothesis = *options.null;
  out.statistic_name = "LRT";
  out.statistic = fits.statistic();
  const auto df = static_cast<double>(data.nested->nesting.L.rows());
  out.num_df = df;
  if (std::isnan(out.statistic)) {
    out.method = "chi-squared: a fit did not converge";
    return out;
  }
  out.method = options.is_gaussian() ? "chi-squared, both by ML" : "chi-squared";
  out.p_value = boost::math::cdf(
      boost::math::complement(boost::math::chi_squared(df), out.statistic));
  return out;
}

std::vector<TestResult> test_null(const ModelOptions& options,
                                  const ModelData& data,
                                  const FittedModel& fitted,
                                  SimdLevel simd) {
  std::vector<TestResult> tests = {
      likelihood_ratio_test(options, data, compare_fits(options, data, fitted, simd))};
  if (!options.is_gaussian() || options.criterion() == Criterion::ml) return tests;
  const Eigen::MatrixXd& L = data.nested->nesting.L;
  const WaldTest test = kenward_roger(data.stats, fitted.result)
                            ->test({*options.null, L, Eigen::VectorXd::Zero(L.rows())});
  TestResult out;
  out.kind = "null";
  out.hypothesis = *options.null;
  out.statistic = test.F;
  out.num_df = test.num_df;
  out.den_df = test.den_df;
  out.p_value = test.p_value;
  out.method = "Kenward-Roger";
  tests.push_back(std::move(out));
  return tests;
}

}  // namespace merit
