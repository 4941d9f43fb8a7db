// SPDX-License-Identifier: MIT
#include "engine/study/estimate.hpp"

#include <cmath>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/quasi_likelihood.hpp"
#include "engine/model/group_moments.hpp"
#include "engine/model/group_rows.hpp"
#include "engine/study/data_generator.hpp"
#include "engine/study/study_file.hpp"
#include "tests/support/glmm_rows.hpp"

namespace merit {
namespace {

using testing::GlmmRows, testing::packed;

BOOST_AUTO_TEST_SUITE(estimate)

Study study_of(const std::string& family, const std::string& estimators) {
  return read_study(R"toml(
repetitions = 3
[data]
formula = "y ~ x * w + (1 | g)"
groups = 20
group_size = { mean = 12, sd = 4, min = 2 }
icc = 0.2
family = ")toml" + family +
                        R"toml("
[data.covariates]
x = { kind = "normal", mean = 3 }
w = { kind = "normal", level = "group" }
[data.coefficients]
"(Intercept)" = -1
x = 0.5
w = 0.3
"x:w" = 0.2
)toml" + estimators,
                    "s");
}

/// The data set's rows by the way that a snapshot's take: z = [X, y] and groups.
struct PlainRows {
  Eigen::MatrixXd z;
  std::vector<double> group;
};

PlainRows plain_rows(const StudyEstimator& estimator, const DataSet& data) {
  const auto p = static_cast<Eigen::Index>(estimator.terms.size());
  PlainRows out;
  out.z.setOnes(data.num_obs(), p + 1);
  for (Eigen::Index i = 0; i < out.z.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    for (Eigen::Index a = 1; a < p; ++a)
      out.z(i, a) = data.column[estimator.terms[static_cast<std::size_t>(a)]][row];
    out.z(i, p) = data.y[row];
  }
  for (std::size_t j = 0; j < data.size.size(); ++j)
    out.group.insert(
        out.group.end(), static_cast<std::size_t>(data.size[j]), static_cast<double>(j));
  return out;
}

GlmmModel plain_model(const StudyEstimator& estimator, const DataSet& data) {
  const PlainRows plain = plain_rows(estimator, data);
  const Eigen::Index p = plain.z.cols() - 1;
  GlmmRows rows;
  rows.group = plain.group;
  rows.y.assign(data.y.begin(), data.y.begin() + plain.z.rows());
  rows.offset.assign(rows.y.size(), 0.0);
  rows.trials.assign(rows.y.size(), 1.0);
  std::vector<const double*> columns;
  for (Eigen::Index a = 0; a < p; ++a)
    columns.push_back(plain.z.col(a).data());
  return glmm_model(packed(rows, columns, Eigen::VectorXd::Zero(p)),
                    glm_family(Family::binomial, Link::logit, true, 0, SimdLevel::v3),
                    true);
}

/// Row `at` holds this fit, and NaN for terms that the estimator's model has not.
void check_row(const Study& study,
               const StudyEstimator& estimator,
               const FitResult& fit,
               const ReplicateRows& rows,
               std::int64_t at,
               double within,
               double se_within) {
  const double* estimate = rows.estimate.data() + at * rows.num_estimates;
  const double* std_error = rows.std_error.data() + at * rows.num_std_errors;
  BOOST_TEST(has_estimate(rows.status[static_cast<std::size_t>(at)]));
  for (std::size_t t = 0; t < study.terms.size(); ++t) {
    const auto found = std::find(estimator.terms.begin(), estimator.terms.end(), t);
    if (found == estimator.terms.end()) {
      BOOST_TEST(std::isnan(estimate[t]));
      BOOST_TEST(std::isnan(std_error[t]));
      continue;
    }
    const Eigen::Index a = found - estimator.terms.begin();
    const double se = std::sqrt(fit.vcov(a, a));
    BOOST_TEST(std::abs(estimate[t] - fit.beta[a]) < within * se);
    BOOST_TEST(std::abs(std_error[t] / se - 1.0) < se_within);
  }
  BOOST_TEST(std::abs(estimate[study.terms.size()] - fit.tau) < within);
}

// The same data sets through the way that `merit fit` takes.
BOOST_AUTO_TEST_CASE(gaussian_rows_are_fits) {
  const Study study = study_of("gaussian", R"toml([[estimator]]
method = "reml"
[[estimator]]
method = "ml"
formula = "y ~ w + (1 | g)"
)toml");
  DataGenerator::Workspace work;
  DataSet data;
  EstimatorBench bench(study, SimdLevel::v3);
  ReplicateRows rows;
  resize_rows(study, 3, rows);
  for (std::int64_t r = 0; r < 3; ++r) {
    DataGenerator(study, SimdLevel::v3).make(0, r, work, data);
    bench.estimate_all(data, 2 * r, rows);
    for (std::int64_t e = 0; e < 2; ++e) {
      const StudyEstimator& estimator = study.estimators[static_cast<std::size_t>(e)];
      const PlainRows plain = plain_rows(estimator, data);
      const FitResult fit = fit_gaussian(
          grouped_stats(
              group_moments(plain.z, plain.group, WithinDetail::pooled, SimdLevel::v3),
              true),
          {.criterion = e == 0 ? Criterion::reml : Criterion::ml});
      check_row(study, estimator, fit, rows, 2 * r + e, 1e-9, 1e-8);
      BOOST_TEST(
          std::abs(
              rows.estimate[static_cast<std::size_t>((2 * r + e) * rows.num_estimates) +
                            study.terms.size() + 1] -
              fit.sigma) < 1e-9);
    }
  }
}

BOOST_AUTO_TEST_CASE(binomial_rows_are_fits) {
  const Study study = study_of("binomial", R"toml([[estimator]]
method = "agq"
nagq = 9
[[estimator]]
method = "laplace"
[[estimator]]
method = "pql"
pql_inner = "ml"
[[estimator]]
name = "agq without x"
method = "agq"
formula = "y ~ w + (1 | g)"
)toml");
  DataGenerator::Workspace work;
  DataSet data;
  EstimatorBench bench(study, SimdLevel::v3);
  ReplicateRows rows;
  resize_rows(study, 3, rows);
  for (std::int64_t r = 0; r < 3; ++r) {
    DataGenerator(study, SimdLevel::v3).make(0, r, work, data);
    bench.estimate_all(data, 4 * r, rows);
    const GlmmModel full = plain_model(study.estimators[0], data);
    const GlmmModel less = plain_model(study.estimators[3], data);
    const auto check =
        [&](std::size_t e, const FitResult& fit, double within, double se_within) {
          check_row(study,
                    study.estimators[e],
                    fit,
                    rows,
                    4 * r + static_cast<std::int64_t>(e),
                    within,
                    se_within);
        };
    // Standard errors from the information with every node's score: in groups of a dozen
    // rows right to some ten-thousandths. Laplace's are differences of the gradient, as a
    // fit's.
    check(0, fit_glmm(full, {.num_nodes = 9}).result, 1e-5, 1e-3);
    check(1, fit_glmm(full, {.num_nodes = 1}).result, 1e-5, 1e-5);
    const QuasiOptions quasi{.inner = Criterion::ml};
    check(2, fit_quasi(full, quasi, SimdLevel::v3).result, 1e-8, 1e-7);
    check(3, fit_glmm(less, {.num_nodes = 7}).result, 1e-5, 1e-3);
  }
}

// Without an event there is nothing to fit: a row, with its reason, and no exception.
BOOST_AUTO_TEST_CASE(data_that_cannot_be_fitted_are_rows) {
  const Study study =
      study_of("binomial", "[[estimator]]\n[[estimator]]\nmethod='pql'\n");
  DataGenerator::Workspace work;
  DataSet data;
  DataGenerator(study, SimdLevel::v3).make(0, 0, work, data);
  std::fill(data.y.begin(), data.y.end(), 0.0);
  EstimatorBench bench(study, SimdLevel::v3);
  ReplicateRows rows;
  resize_rows(study, 1, rows);
  bench.estimate_all(data, 0, rows);
  for (const std::uint8_t status : rows.status)
    BOOST_TEST(status == static_cast<std::uint8_t>(ReplicateStatus::degenerate));
  for (const double value : rows.estimate)
    BOOST_TEST(std::isnan(value));
}

// y tells x from its negative without error: an estimate runs to infinity.
BOOST_AUTO_TEST_CASE(separation_is_a_row) {
  const Study study = study_of("binomial", "[[estimator]]\n");
  DataGenerator::Workspace work;
  DataSet data;
  DataGenerator(study, SimdLevel::v3).make(0, 0, work, data);
  std::size_t x = 0;
  while (study.terms[x].name != "x")
    ++x;
  for (std::size_t i = 0; i < data.y.size(); ++i)
    data.y[i] = data.column[x][i] > 3.0 ? 1.0 : 0.0;
  EstimatorBench bench(study, SimdLevel::v3);
  ReplicateRows rows;
  resize_rows(study, 1, rows);
  bench.estimate_all(data, 0, rows);
  BOOST_TEST(rows.status.front() ==
             static_cast<std::uint8_t>(ReplicateStatus::separated));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace merit
