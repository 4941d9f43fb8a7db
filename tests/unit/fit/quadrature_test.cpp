// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <boost/math/constants/constants.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/fit/quadrature_newton.hpp"
#include "tests/support/glmm_families.hpp"
#include "tests/support/simd_levels.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(quadrature)

namespace {

GlmmModel model_of(const Case& c, SimdLevel simd = SimdLevel::v2) {
  return testing::model_of(
      made_up_rows(c.family, 17, 5, c.trials), c.family, c.link, simd);
}

/// Σ_j log ∫ by the trapezoid rule on v ∈ [−12, 12] in steps of 1/50: exact to rounding for
/// analytic integrands that vanish at both ends.
double brute_force(const Case& c, const GlmmModel& model, const Eigen::VectorXd& psi) {
  long double total = 0.0L;
  for (std::size_t j = 0; j < model.rows.size.size(); ++j) {
    long double integral = 0.0L;
    for (int step = -600; step <= 600; ++step)
      integral += std::exp(log_joint(c, model, psi, j, step / 50.0L)) / 50.0L;
    total +=
        std::log(integral / std::sqrt(boost::math::constants::two_pi<long double>()));
  }
  return static_cast<double>(total);
}

QuadratureLikelihood likelihood_of(const GlmmModel& model, const GaussHermite& rule) {
  return {model.rows, model.family, model.response, rule, 1e-11};
}

Eigen::MatrixXd differences(QuadratureLikelihood& likelihood,
                            const Eigen::VectorXd& psi) {
  constexpr double kStep = 1e-4;
  Eigen::MatrixXd out(psi.size(), psi.size());
  for (Eigen::Index a = 0; a < psi.size(); ++a) {
    Eigen::VectorXd moved = psi;
    moved[a] = psi[a] + kStep;
    BOOST_TEST(likelihood.evaluate(moved, QuadratureDetail::gradient));
    const Eigen::VectorXd above = likelihood.gradient();
    moved[a] = psi[a] - kStep;
    BOOST_TEST(likelihood.evaluate(moved, QuadratureDetail::gradient));
    out.col(a) = (above - likelihood.gradient()) / (2.0 * kStep);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(rule_integrates_polynomials_exactly) {
  // Moments of the standard normal: 1, 0, 1, 0, 3, 0, 15, …: (2m − 1)!!
  for (const int K : {1, 2, 3, 7, 15, 64, 201}) {
    const GaussHermite rule(K);
    double moment = 1.0;
    for (int power = 0; power <= std::min(2 * K - 1, 20); power += 2) {
      double sum = 0.0;
      for (int k = 0; k < K; ++k)
        sum += rule.weight(k) * std::pow(rule.node(k), power);
      BOOST_TEST(std::abs(sum / moment - 1.0) < 1e-12, "K = " << K << ", x^" << power);
      moment *= power + 1;
    }
    for (int k = 0; k < K; ++k)
      BOOST_TEST(std::abs(rule.node(k) + rule.node(K - 1 - k)) < 1e-13);
  }
}

BOOST_AUTO_TEST_CASE(many_points_give_the_integral) {
  for (const Case& c : cases()) {
    const GlmmModel model = model_of(c);
    const GaussHermite rule(41);
    QuadratureLikelihood likelihood = likelihood_of(model, rule);
    for (const double tau : {0.3, 1.1}) {
      const Eigen::VectorXd psi = some_parameters(model, tau);
      BOOST_TEST(likelihood.evaluate(psi, QuadratureDetail::value));
      const double exact = brute_force(c, model, psi);
      BOOST_TEST(std::abs(likelihood.log_likelihood() - exact) < 1e-9 * std::abs(exact),
                 c.name << ", tau " << tau << ": " << likelihood.log_likelihood()
                        << " instead of " << exact);
    }
  }
}

BOOST_AUTO_TEST_CASE(gradient_is_that_of_the_rule_itself) {
  constexpr double kStep = 1e-5;
  for (const Case& c : cases()) {
    const GlmmModel model = model_of(c);
    for (const int K : {1, 2, 3, 7}) {
      const GaussHermite rule(K);
      QuadratureLikelihood likelihood = likelihood_of(model, rule);
      const Eigen::VectorXd psi = some_parameters(model, 0.8);
      BOOST_TEST(likelihood.evaluate(psi, QuadratureDetail::gradient));
      const Eigen::VectorXd gradient = likelihood.gradient();
      for (Eigen::Index a = 0; a < psi.size(); ++a) {
        Eigen::VectorXd moved = psi;
        moved[a] = psi[a] + kStep;
        likelihood.evaluate(moved, QuadratureDetail::value);
        const double above = likelihood.log_likelihood();
        moved[a] = psi[a] - kStep;
        likelihood.evaluate(moved, QuadratureDetail::value);
        const double difference = (above - likelihood.log_likelihood()) / (2.0 * kStep);
        // Differences of a log-likelihood of some hundreds lose 11 of its 16 digits.
        BOOST_TEST(std::abs(gradient[a] - difference) < 1e-6 * (1.0 + gradient.norm()),
                   c.name << ", K = " << K << ", parameter " << a << ": " << gradient[a]
                          << " instead of " << difference);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(full_information_is_the_derivative_of_the_gradient) {
  for (const Case& c : cases()) {
    const GlmmModel model = model_of(c);
    const GaussHermite rule(31);
    QuadratureLikelihood likelihood = likelihood_of(model, rule);
    const Eigen::VectorXd psi = some_parameters(model, 0.8);
    const Eigen::MatrixXd exact = -differences(likelihood, psi);
    likelihood.evaluate(psi, QuadratureDetail::full_information);
    const double error = (likelihood.information() - exact).norm() / exact.norm();
    BOOST_TEST(error < 1e-6, c.name << ": " << error);
    likelihood.evaluate(psi, QuadratureDetail::information);
    const double rough = (likelihood.information() - exact).norm() / exact.norm();
    BOOST_TEST(rough < 0.2, c.name << ": " << rough);  // groups of one row are the worst
  }
}

BOOST_AUTO_TEST_CASE(likelihood_is_even_in_tau) {
  for (const Case& c : cases()) {
    const GlmmModel model = model_of(c);
    const GaussHermite rule(7);
    QuadratureLikelihood likelihood = likelihood_of(model, rule);
    likelihood.evaluate(some_parameters(model, 0.6), QuadratureDetail::value);
    const double positive = likelihood.log_likelihood();
    likelihood.modes().assign(likelihood.modes().size(), 0.0);
    likelihood.evaluate(some_parameters(model, -0.6), QuadratureDetail::value);
    BOOST_TEST(std::abs(likelihood.log_likelihood() - positive) < 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(all_levels_give_the_same_bits) {
  for (const Case& c : cases()) {
    std::vector<double> first;
    for (const SimdLevel level : simd_levels()) {
      const GlmmModel model = model_of(c, level);
      const GaussHermite rule(7);
      QuadratureLikelihood likelihood = likelihood_of(model, rule);
      likelihood.evaluate(some_parameters(model, 0.8),
                          QuadratureDetail::full_information);
      std::vector<double> all = {likelihood.log_likelihood()};
      all.insert(all.end(), likelihood.gradient().begin(), likelihood.gradient().end());
      all.insert(all.end(),
                 likelihood.information().reshaped().begin(),
                 likelihood.information().reshaped().end());
      if (first.empty()) first = all;
      BOOST_TEST((all == first), c.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(groups_too_large_to_be_recorded_have_the_same_derivatives) {
  // Exact gradient against differences, information against differences of the gradient, in
  // a group of more rows than are kept at every node.
  constexpr std::size_t kRows = 8 * QuadratureScratch::kMostRecorded + 300;
  for (const Family family : {Family::binomial, Family::negbinomial, Family::ordinal}) {
    const GlmmRows few = made_up_rows(family, 12, 4, false);
    GlmmRows rows;
    for (std::size_t i = 0; i < kRows + few.y.size(); ++i) {
      const std::size_t from = i % few.y.size();
      rows.group.push_back(i < kRows ? 0.0 : few.group[from]);
      rows.x1.push_back(few.x1[from]);
      rows.x2.push_back(few.x2[from]);
      rows.offset.push_back(few.offset[from]);
      rows.trials.push_back(1.0);
      rows.y.push_back(few.y[from]);
    }
    const GlmmModel model = testing::model_of(rows, family, links_of(family).front());
    const GaussHermite rule(9);
    QuadratureLikelihood likelihood = likelihood_of(model, rule);
    const Eigen::VectorXd psi = some_parameters(model, 0.3);
    const Eigen::MatrixXd exact = -differences(likelihood, psi);
    likelihood.evaluate(psi, QuadratureDetail::full_information);
    BOOST_TEST((likelihood.information() - exact).norm() < 1e-5 * exact.norm());
    for (Eigen::Index a = 0; a < psi.size(); ++a) {
      const auto value = [&](double by) {
        Eigen::VectorXd moved = psi;
        moved[a] += by;
        likelihood.evaluate(moved, QuadratureDetail::value);
        return likelihood.log_likelihood();
      };
      const double slope = (value(1e-4) - value(-1e-4)) / 2e-4;
      likelihood.evaluate(psi, QuadratureDetail::gradient);
      BOOST_TEST(std::abs(likelihood.gradient()[a] - slope) <
                 1e-5 * (1.0 + std::abs(slope)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_group_that_counts_twice_is_two_groups) {
  const Case& c = cases().front();
  const GlmmRows rows = made_up_rows(c.family, 9, 8, false);
  GlmmRows doubled = rows;
  for (std::size_t i = 0; i < rows.y.size(); ++i) {
    if (rows.group[i] != 3.0) continue;
    doubled.group.push_back(100.0);
    doubled.x1.push_back(rows.x1[i]);
    doubled.x2.push_back(rows.x2[i]);
    doubled.offset.push_back(rows.offset[i]);
    doubled.trials.push_back(1.0);
    doubled.y.push_back(rows.y[i]);
  }
  const GlmmModel once = testing::model_of(rows, c.family, c.link);
  const GlmmModel twice = testing::model_of(doubled, c.family, c.link);
  const GaussHermite rule(7);
  QuadratureLikelihood weighted = likelihood_of(once, rule);
  QuadratureLikelihood copied = likelihood_of(twice, rule);
  std::vector<double> multiplicity(9, 1.0);
  multiplicity[3] = 2.0;
  weighted.set_multiplicity(multiplicity.data(), 0.0);
  const Eigen::VectorXd psi = some_parameters(once, 0.8);
  weighted.evaluate(psi, QuadratureDetail::full_information);
  copied.evaluate(psi, QuadratureDetail::full_information);
  BOOST_TEST(std::abs(weighted.log_likelihood() - copied.log_likelihood()) < 1e-11);
  BOOST_TEST((weighted.gradient() - copied.gradient()).norm() < 1e-11);
  BOOST_TEST((weighted.information() - copied.information()).norm() < 1e-10);
}

BOOST_AUTO_TEST_SUITE_END()
