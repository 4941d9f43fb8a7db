// SPDX-License-Identifier: MIT
#include "engine/fit/glmm_fit.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "engine/fit/quasi_likelihood.hpp"
#include "engine/fit/response_icc.hpp"
#include "tests/support/glmm_rows.hpp"
#include "tests/support/mentions.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(glmm_fit)

namespace {

void check_same_fit(const GlmmFit& a, const GlmmFit& b, double within = 1e-8) {
  BOOST_TEST((a.result.beta - b.result.beta).norm() < within);
  BOOST_TEST(std::abs(a.result.tau - b.result.tau) < within);
  BOOST_TEST((a.result.vcov - b.result.vcov).norm() < 1e-5 * a.result.vcov.norm());
  BOOST_TEST(std::abs(a.result.log_likelihood - b.result.log_likelihood) < 1e-8);
}

GlmmRows in_order(const GlmmRows& rows, const std::vector<std::size_t>& order) {
  GlmmRows out;
  for (const std::size_t i : order) {
    out.group.push_back(rows.group[i]);
    out.x1.push_back(rows.x1[i]);
    out.x2.push_back(rows.x2[i]);
    out.offset.push_back(rows.offset[i]);
    out.trials.push_back(rows.trials[i]);
    out.y.push_back(rows.y[i]);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(order_of_rows_and_names_of_groups_do_not_matter) {
  const GlmmRows rows = made_up_rows(Family::binomial, 40, 2, false);
  const GlmmFit fit = fit_glmm(model_of(rows, Family::binomial, Link::logit));
  BOOST_TEST(fit.result.converged);
  std::vector<std::size_t> order(rows.y.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 random(4);
  std::shuffle(order.begin(), order.end(), random);
  GlmmRows shuffled = in_order(rows, order);
  check_same_fit(fit, fit_glmm(model_of(shuffled, Family::binomial, Link::logit)));
  for (double& group : shuffled.group)
    group = 1000.0 - 3.0 * group;
  check_same_fit(fit, fit_glmm(model_of(shuffled, Family::binomial, Link::logit)));
}

BOOST_AUTO_TEST_CASE(a_row_of_trials_is_as_many_binary_rows_but_for_its_constant) {
  for (const Link link : {Link::logit, Link::probit, Link::cloglog}) {
    const GlmmRows rows = made_up_rows(Family::binomial, 30, 3, true);
    GlmmRows split;
    double constant = 0.0;
    for (std::size_t i = 0; i < rows.y.size(); ++i) {
      constant += std::lgamma(rows.trials[i] + 1.0) - std::lgamma(rows.y[i] + 1.0) -
                  std::lgamma(rows.trials[i] - rows.y[i] + 1.0);
      for (int t = 0; t < static_cast<int>(rows.trials[i]); ++t) {
        const GlmmRows one = in_order(rows, {i});
        split.group.push_back(one.group[0]);
        split.x1.push_back(one.x1[0]);
        split.x2.push_back(one.x2[0]);
        split.offset.push_back(one.offset[0]);
        split.trials.push_back(1.0);
        split.y.push_back(t < static_cast<int>(rows.y[i]) ? 1.0 : 0.0);
      }
    }
    const GlmmFit together = fit_glmm(model_of(rows, Family::binomial, link));
    GlmmFit apart = fit_glmm(model_of(split, Family::binomial, link));
    apart.result.log_likelihood += constant;
    check_same_fit(together, apart);
  }
}

BOOST_AUTO_TEST_CASE(scale_of_a_covariate_moves_its_coefficient_alone) {
  for (const Family family : {Family::poisson, Family::ordinal}) {
    GlmmRows rows = made_up_rows(family, 40, 6, false);
    const Link link = links_of(family).front();
    const GlmmFit fit = fit_glmm(model_of(rows, family, link));
    const GlmmFit again = [&] {
      for (double& x : rows.x1)
        x *= 1024.0;
      return fit_glmm(model_of(rows, family, link));
    }();
    const Eigen::Index x1 = family == Family::ordinal ? 3 : 1;
    BOOST_TEST(std::abs(again.result.beta[x1] * 1024.0 - fit.result.beta[x1]) < 1e-8);
    BOOST_TEST(std::abs(again.result.tau - fit.result.tau) < 1e-8);
    BOOST_TEST(std::abs(again.result.log_likelihood - fit.result.log_likelihood) < 1e-8);
  }
}

BOOST_AUTO_TEST_CASE(two_categories_are_a_binary_response) {
  // P(Y ≤ 0) = F(θ − η): θ is minus the intercept.
  const GlmmRows rows = made_up_rows(Family::binomial, 40, 9, false);
  for (const Link link : {Link::logit, Link::probit}) {
    const GlmmFit binary = fit_glmm(model_of(rows, Family::binomial, link));
    GlmmModel model = model_of(rows, Family::ordinal, link);
    model = glmm_model(
        model.rows, glm_family(Family::ordinal, link, false, 2, SimdLevel::v2), false);
    const GlmmFit ordinal = fit_glmm(model);
    BOOST_TEST(std::abs(ordinal.result.beta[0] + binary.result.beta[0]) < 1e-8);
    BOOST_TEST((ordinal.result.beta.tail(2) - binary.result.beta.tail(2)).norm() < 1e-8);
    BOOST_TEST(std::abs(ordinal.result.tau - binary.result.tau) < 1e-8);
    BOOST_TEST(std::abs(ordinal.result.log_likelihood - binary.result.log_likelihood) <
               1e-9);
  }
}

BOOST_AUTO_TEST_CASE(groups_alike_end_on_the_boundary) {
  GlmmRows rows;  // every group the same rows: less variation between them than by chance
  for (int j = 0; j < 12; ++j) {
    for (int i = 0; i < 20; ++i) {
      rows.group.push_back(j);
      rows.x1.push_back((i % 7) / 3.0 - 1.0);
      rows.x2.push_back(i % 3 == 0 ? 1.0 : 0.0);
      rows.offset.push_back(0.0);
      rows.trials.push_back(1.0);
      rows.y.push_back(i % 2 == 0 ? 1.0 : 0.0);
    }
  }
  for (const Family family : {Family::binomial, Family::poisson}) {
    const GlmmFit fit = fit_glmm(model_of(rows, family, links_of(family).front()));
    BOOST_TEST(fit.result.converged);
    BOOST_TEST(fit.result.on_boundary);
    BOOST_TEST(fit.result.tau == 0.0);
    BOOST_TEST(fit.modes.mode.norm() == 0.0);
    BOOST_TEST(fit.result.vcov.diagonal().minCoeff() > 0.0);
  }
}

BOOST_AUTO_TEST_CASE(response_icc_is_the_share_of_variance_between_groups) {
  // Trapezoid rule on v in [−8, 8]; η̄ = −0.4 at x = 0, offset 0.
  GlmmRows rows = made_up_rows(Family::binomial, 12, 3, false);
  std::fill(rows.x1.begin(), rows.x1.end(), 0.125);  // the origin of the test's model
  std::fill(rows.x2.begin(), rows.x2.end(), 0.0);
  std::fill(rows.offset.begin(), rows.offset.end(), 0.0);
  const GlmmModel model = model_of(rows, Family::binomial, Link::logit);
  Eigen::VectorXd psi(4);
  psi << -0.4, 0.0, 0.0, 0.9;
  double first = 0.0, second = 0.0, all = 0.0;
  for (int i = -800; i <= 800; ++i) {
    const double v = i / 100.0, w = std::exp(-0.5 * v * v);
    const double p = 1.0 / (1.0 + std::exp(0.4 - 0.9 * v));
    all += w;
    first += w * p;
    second += w * p * p;
  }
  first /= all;
  second /= all;
  const double variance = second - first * first;
  const double expected = variance / (variance + first - second);
  BOOST_TEST(std::abs(response_icc(model, psi) - expected) < 1e-9);
}

BOOST_AUTO_TEST_CASE(quasi_likelihoods_agree_where_groups_do_not_vary) {
  // With all modes 0 both are expanded about the same point: ordinary logistic regression,
  // the maximum at τ = 0, whose standard errors are those of a scale of 1.
  GlmmRows rows;
  for (int j = 0; j < 10; ++j) {
    for (int i = 0; i < 24; ++i) {
      rows.group.push_back(j);
      rows.x1.push_back((i % 5) / 2.0 - 1.0);
      rows.x2.push_back(i % 3 == 0 ? 1.0 : 0.0);
      rows.offset.push_back(0.0);
      rows.trials.push_back(1.0);
      rows.y.push_back(i % 7 < 3 ? 1.0 : 0.0);
    }
  }
  const GlmmModel model = model_of(rows, Family::binomial, Link::logit);
  const GlmmFit exact = fit_glmm(model);
  for (const bool marginal : {false, true}) {
    const GlmmFit quasi =
        fit_quasi(model, {.marginal = marginal, .free_scale = false}, SimdLevel::v2);
    BOOST_TEST(quasi.result.converged);
    BOOST_TEST(quasi.result.on_boundary);
    BOOST_TEST((quasi.result.beta - exact.result.beta).norm() < 1e-8);
    BOOST_TEST((quasi.result.vcov - exact.result.vcov).norm() <
               1e-6 * exact.result.vcov.norm());
  }
}

BOOST_AUTO_TEST_CASE(quasi_likelihoods_take_variation_between_groups_for_less) {
  // Known for binary responses in small groups (Breslow & Lin 1995): MQL < PQL < ML.
  const GlmmRows rows = made_up_rows(Family::binomial, 300, 21, false);
  const GlmmModel model = model_of(rows, Family::binomial, Link::logit);
  const auto quasi = [&](bool marginal) {
    return fit_quasi(model,
                     {.marginal = marginal, .inner = Criterion::ml, .free_scale = false},
                     SimdLevel::v2)
        .result.tau;
  };
  const double ml = fit_glmm(model).result.tau;
  BOOST_TEST(quasi(true) < quasi(false));
  BOOST_TEST(quasi(false) < ml);
}

BOOST_AUTO_TEST_CASE(single_rows_per_group_are_refused_for_binary_responses_alone) {
  GlmmRows rows = made_up_rows(Family::poisson, 30, 7, false);
  std::iota(rows.group.begin(), rows.group.end(), 0.0);
  BOOST_TEST(fit_glmm(model_of(rows, Family::poisson, Link::log)).result.converged);
  GlmmRows binary = made_up_rows(Family::binomial, 30, 7, false);
  std::iota(binary.group.begin(), binary.group.end(), 0.0);
  BOOST_CHECK_EXCEPTION(fit_glmm(model_of(binary, Family::binomial, Link::logit)),
                        DataError,
                        mentions({"each of the", "one row", "binary"}));
}

BOOST_AUTO_TEST_CASE(large_variation_between_groups_asks_for_more_points) {
  // Few binary rows per group and a large sd, as in the toenail data.
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  GlmmRows rows;
  for (int j = 0; j < 150; ++j) {
    const double b = 4.0 * normal(random);
    for (int i = 0; i < 7; ++i) {
      rows.group.push_back(j);
      rows.x1.push_back(i / 3.0 - 1.0);
      rows.x2.push_back(j % 2);
      rows.offset.push_back(0.0);
      rows.trials.push_back(1.0);
      const double eta = -1.0 - 1.2 * rows.x1.back() + b;
      rows.y.push_back(uniform(random) < 1.0 / (1.0 + std::exp(-eta)) ? 1.0 : 0.0);
    }
  }
  const GlmmModel model = model_of(rows, Family::binomial, Link::logit);
  const GlmmFit seven = fit_glmm(model);
  BOOST_TEST(seven.result.message.find("too few") != std::string::npos);
  const GlmmFit automatic = fit_glmm(model, {.automatic = true});
  BOOST_TEST(automatic.num_nodes > 7);
  BOOST_TEST(automatic.result.message.empty());
  BOOST_TEST(std::abs(automatic.result.quadrature->log_likelihood) < 1e-3);
}

BOOST_AUTO_TEST_CASE(a_fit_cut_short_says_how_far_it_is_from_the_maximum) {
  const GlmmModel model = model_of(
      made_up_rows(Family::binomial, 40, 2, false), Family::binomial, Link::logit);
  const GlmmFit cut = fit_glmm(model, {.max_evaluations = 2});
  BOOST_TEST(!cut.result.converged);
  BOOST_TEST(cut.result.gradient > 1e-6);
  BOOST_TEST(cut.result.message.find("largest scaled gradient") != std::string::npos);
  BOOST_TEST(fit_glmm(model).result.gradient < 1e-9);
}

BOOST_AUTO_TEST_SUITE_END()
