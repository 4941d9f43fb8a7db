// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/resample/null_bootstrap.hpp"
#include "engine/resample/parametric.hpp"
#include "engine/resample/simulate.hpp"
#include "tests/support/glmm_families.hpp"
#include "tests/support/kolmogorov.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;
using Eigen::Index;
using Eigen::MatrixXd;

BOOST_AUTO_TEST_SUITE(null_bootstraps)

namespace {

constexpr SchemeOptions kOptions{
    .seed = 4, .criterion = Criterion::ml, .keep_std_errors = false};

/// A model, and the model of two combinations of its columns: X A.
struct Nested {
  TwoLevelRows rows;
  MatrixXd A;

  TwoLevelRows null() const {
    TwoLevelRows out = rows;
    const Index p = rows.num_fixed();
    out.z.resize(rows.z.rows(), A.cols() + 1);
    out.z << rows.z.leftCols(p) * A, rows.z.col(p);
    return out;
  }
};

/// 1, a person's x, a group's w; the null model has 1 and x − 2w.
Nested nested_rows() {
  Nested out{random_rows({.sizes = {4, 9, 2, 14, 6, 1, 8, 5, 3, 11},
                          .person_columns = 1,
                          .group_columns = 1,
                          .tau = 0.6},
                         5),
             MatrixXd(3, 2)};
  out.A << 1, 0, 0, 1, 0, -2;
  return out;
}

FitResult by_ml(const GroupedStats& stats) {
  return fit_gaussian(stats, {.criterion = Criterion::ml});
}

double ratio(const FitResult& model, const FitResult& null) {
  return 2.0 * (model.log_likelihood - null.log_likelihood);
}

}  // namespace

// The algorithm row by row: responses from the null model, both models fitted to them.
BOOST_AUTO_TEST_CASE(gaussian_ratios_are_those_of_rows) {
  const Nested nested = nested_rows();
  const TwoLevelRows null_rows = nested.null();
  const GroupedStats stats = stats_of(nested.rows), null = stats_of(null_rows);
  const FitResult null_fit = by_ml(null);
  constexpr int kDraws = 2000;

  ReplicateRows rows;
  null_bootstrap(stats, null, {.A = nested.A, .L = {}}, null_fit, kOptions)
      ->make(0, kDraws, rows);
  std::vector<double> drawn(rows.estimate.begin(), rows.estimate.end());
  for (const std::uint8_t status : rows.status)
    BOOST_TEST(has_estimate(status));

  std::mt19937_64 random(77);
  std::normal_distribution<double> normal;
  std::vector<double> literal;
  for (int r = 0; r < kDraws; ++r) {
    std::vector<double> intercept(10);
    for (double& b : intercept)
      b = null_fit.tau * normal(random);
    TwoLevelRows model = nested.rows, small = null_rows;
    for (Index i = 0; i < model.z.rows(); ++i) {
      const auto group =
          static_cast<std::size_t>(model.group[static_cast<std::size_t>(i)]);
      const double y = small.z.row(i).head(2).dot(null_fit.beta) + intercept[group] +
                       null_fit.sigma * normal(random);
      model.z(i, 3) = small.z(i, 2) = y;
    }
    literal.push_back(ratio(by_ml(stats_of(model)), by_ml(stats_of(small))));
  }
  const double distance = kolmogorov_two_samples(drawn, literal);
  BOOST_TEST(distance < kolmogorov_limit(1e-6));
  // A sample of differences between models that see other draws would be far off.
  BOOST_TEST(drawn.back() < 30.0);
}

// The larger model sees what a parametric bootstrap of the null model's estimates draws; how the
// null model's columns are told changes nothing.
BOOST_AUTO_TEST_CASE(gaussian_models_see_the_same_draws) {
  const Nested nested = nested_rows();
  const GroupedStats stats = stats_of(nested.rows), null = stats_of(nested.null());
  const FitResult null_fit = by_ml(null);
  FitResult in_model = null_fit;
  in_model.beta = nested.A * null_fit.beta;

  ReplicateRows rows, model;
  null_bootstrap(stats, null, {.A = nested.A, .L = {}}, null_fit, kOptions)
      ->make(3, 40, rows);
  grouped_parametric_bootstrap(stats, in_model, kOptions)->make(3, 40, model);
  for (std::size_t r = 0; r < 40; ++r) {
    BOOST_TEST(std::abs(rows.log_likelihood[r] - model.log_likelihood[r]) < 1e-9);
    BOOST_TEST(rows.estimate[r] >= 0.0);
  }

  Nested told_otherwise = nested;
  told_otherwise.A << 1, 5, 0, -3, 0, 6;
  const GroupedStats again = stats_of(told_otherwise.null());
  ReplicateRows others;
  null_bootstrap(stats, again, {.A = told_otherwise.A, .L = {}}, by_ml(again), kOptions)
      ->make(3, 40, others);
  for (std::size_t r = 0; r < 40; ++r)
    BOOST_TEST(std::abs(others.estimate[r] - rows.estimate[r]) < 1e-8);
}

BOOST_AUTO_TEST_CASE(a_replicate_is_a_function_of_its_number) {
  const Nested nested = nested_rows();
  const GroupedStats stats = stats_of(nested.rows), null = stats_of(nested.null());
  const auto scheme =
      null_bootstrap(stats, null, {.A = nested.A, .L = {}}, by_ml(null), kOptions);
  ReplicateRows all, part;
  scheme->make(0, 48, all);
  scheme->make(16, 9, part);
  for (std::size_t r = 0; r < 9; ++r)
    BOOST_TEST(part.estimate[r] == all.estimate[16 + r]);
}

// Responses from the null model's estimates, both models fitted from nothing.
BOOST_AUTO_TEST_CASE(ratios_of_other_families_are_those_of_whole_fits) {
  for (const Case& c : cases()) {
    const GlmmRows rows = made_up_rows(c.family, 18, 3, c.trials);
    GlmmRows combined = rows;  // x1 − x2 in the place of both
    for (std::size_t i = 0; i < rows.y.size(); ++i)
      combined.x1[i] = rows.x1[i] - rows.x2[i];
    const auto model = std::make_shared<GlmmModel>(model_of(rows, c.family, c.link));
    const bool ordinal = c.family == Family::ordinal;
    const std::vector<double> ones(rows.y.size(), 1.0);
    std::vector<const double*> columns = {combined.x1.data()};
    if (!ordinal) columns.insert(columns.begin(), ones.data());
    Eigen::VectorXd origin = Eigen::VectorXd::Zero(std::ssize(columns));
    origin[origin.size() - 1] = 0.125;
    const auto null = std::make_shared<GlmmModel>(
        glmm_model(packed(combined, columns, origin), model->family, !ordinal));
    MatrixXd A(3, 2);
    A << 1, 0, 0, 1, 0, -1;

    const GlmmFit fit = fit_glmm(*model), null_fit = fit_glmm(*null);
    constexpr std::int64_t kReplicates = 12;
    ReplicateRows drawn;
    glmm_null_bootstrap(model, null, {.A = A, .L = {}}, fit, null_fit, kOptions)
        ->make(5, kReplicates, drawn);
    const ResponseSimulator simulator(*null, null_fit.psi, SimdLevel::v2);
    ResponseSimulator::Workspace work;
    AlignedVector<std::int32_t> y;
    int compared = 0;
    for (std::int64_t r = 0; r < kReplicates; ++r) {
      const auto at = static_cast<std::size_t>(r);
      if (!has_estimate(drawn.status[at])) continue;
      simulator.draw(kOptions.seed, 5 + r, work, y);
      const auto whole_fit = [&](GlmmModel of) {
        of.rows.y = y.data();
        return fit_glmm(glmm_model(of.rows, of.family, of.has_intercept)).result;
      };
      const FitResult large = whole_fit(*model), small = whole_fit(*null);
      if (!large.converged || !small.converged) continue;
      BOOST_TEST(std::abs(drawn.estimate[at] - ratio(large, small)) < 1e-6,
                 c.name << ", replicate " << r << ": " << drawn.estimate[at]
                        << " against " << ratio(large, small));
      ++compared;
    }
    BOOST_TEST(compared >= 9, c.name);
  }
}

// pbkrtest 0.5.2, .summarizePB(c(tobs = 5.25, df = 2), ref): PBtest, Gamma, Bartlett.
BOOST_AUTO_TEST_CASE(p_values_are_pbkrtests) {
  const std::vector<double> draws = {
      0.31, 2.75, 5.5, 1.125, 0.02, 3.75, 7.25, 0.5, 1.75, 4.0, 12.5, 0.125};
  NullDistribution found(5.25);
  found.add(std::span(draws).first(5));
  found.add(std::vector<double>{std::numeric_limits<double>::quiet_NaN()});
  found.add(std::span(draws).subspan(5));
  const auto near = [](double a, double b) { return std::abs(a - b) < 1e-12 * b; };
  BOOST_TEST(found.num_draws() == 12);
  BOOST_TEST(near(found.mean(), 3.298333333333333));
  BOOST_TEST(near(found.variance(), 13.711792424242423));
  BOOST_TEST(near(found.p_value(), 0.30769230769230771));
  BOOST_TEST(near(found.gamma_p_value(), 0.20773343199079797));
  BOOST_TEST(near(found.bartlett_statistic(2.0), 3.183425972713492));
  BOOST_TEST(near(found.bartlett_p_value(2.0), 0.20357658896448849));
}

// A draw that is equal to the statistic is no evidence against the null model.
BOOST_AUTO_TEST_CASE(ties_count) {
  NullDistribution found(2.0);
  found.add(std::vector<double>{2.0, 1.0, 2.0});
  BOOST_TEST(found.p_value() == 0.75);
  NullDistribution none(2.0);
  BOOST_TEST(std::isnan(none.p_value()));
}

BOOST_AUTO_TEST_SUITE_END()
