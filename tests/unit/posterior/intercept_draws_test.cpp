// SPDX-License-Identifier: MIT
#include "engine/posterior/intercept_draws.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/glmm_families.hpp"
#include "tests/support/kolmogorov.hpp"
#include "tests/support/simd_levels.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(intercept_draws)

namespace {

/// Distribution function of a group's intercept given the parameters, by the trapezoid rule
/// on a grid of v, linear between its points.
class Conditional {
 public:
  Conditional(const Case& c,
              const GlmmModel& model,
              const Eigen::VectorXd& psi,
              std::size_t group)
      : tau_(psi[psi.size() - 1]) {
    std::vector<long double> f;
    for (int i = 0; i <= 2 * kHalf; ++i)
      f.push_back(log_joint(c, model, psi, group, at(i)));
    const long double top = *std::max_element(f.begin(), f.end());
    long double sum = 0.0L;
    for (std::size_t i = 0; i < f.size(); ++i) {
      if (i > 0) sum += std::exp(f[i] - top) + std::exp(f[i - 1] - top);
      cumulative_.push_back(static_cast<double>(sum));
    }
    for (double& value : cumulative_)
      value /= static_cast<double>(sum);
  }

  double operator()(double u) const {
    const double place = (u / tau_ / kWidth + 1.0) * kHalf;
    const auto i = static_cast<std::size_t>(std::clamp(place, 0.0, 2.0 * kHalf - 1.0));
    const double part = std::clamp(place - static_cast<double>(i), 0.0, 1.0);
    return (1.0 - part) * cumulative_[i] + part * cumulative_[i + 1];
  }

 private:
  static constexpr int kHalf = 2000;
  static constexpr double kWidth = 10.0;
  static double at(int i) { return kWidth * (i - kHalf) / kHalf; }

  double tau_;
  std::vector<double> cumulative_;
};

GlmmModel model_of(const Case& c, SimdLevel simd = SimdLevel::v2) {
  return testing::model_of(
      made_up_rows(c.family, 9, 11, c.trials), c.family, c.link, simd);
}

/// u of all groups, draw after draw.
std::vector<std::vector<double>> draws_of(const GlmmModel& model,
                                          const Eigen::VectorXd& psi,
                                          int count) {
  const GaussHermite rule(5);
  QuadratureLikelihood likelihood(model.rows, model.family, model.response, rule, 1e-8);
  BOOST_TEST(likelihood.evaluate(psi, QuadratureDetail::value));
  std::vector<std::vector<double>> out;
  for (int i = 0; i < count; ++i) {
    Variates random(3, Purpose::posterior_draws, i);
    std::vector<double> u(model.rows.size.size());
    BOOST_TEST_REQUIRE(draw_intercepts(likelihood, psi, random, u.data()));
    out.push_back(std::move(u));
  }
  return out;
}

}  // namespace

// 180 comparisons, each with a false-alarm rate of 10⁻⁷.
BOOST_AUTO_TEST_CASE(have_the_distribution_of_a_brute_force_integral) {
  constexpr int kDraws = 4000;
  for (const Case& c : cases()) {
    const GlmmModel model = model_of(c);
    for (const double tau : {0.05, 1.6}) {
      const Eigen::VectorXd psi = some_parameters(model, tau);
      const std::vector<std::vector<double>> draws = draws_of(model, psi, kDraws);
      for (std::size_t j = 0; j < model.rows.size.size(); ++j) {
        std::vector<double> u;
        for (const std::vector<double>& draw : draws)
          u.push_back(draw[j]);
        const Conditional expected(c, model, psi, j);
        BOOST_TEST_CONTEXT(c.name << ", sd " << tau << ", group " << j)
        BOOST_TEST(kolmogorov(u, expected) < kolmogorov_limit(1e-7));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(have_the_same_bits_at_every_level) {
  for (const Case& c : cases()) {
    const Eigen::VectorXd psi = some_parameters(model_of(c), 0.8);
    const auto expected = draws_of(model_of(c), psi, 20);
    for (const SimdLevel level : simd_levels())
      BOOST_TEST((draws_of(model_of(c, level), psi, 20) == expected));
  }
}

// The slopes are the derivatives of the densities, by central differences.
BOOST_AUTO_TEST_CASE(slopes_are_derivatives) {
  for (const Case& c : cases()) {
    const GlmmModel model = model_of(c);
    const GaussHermite rule(5);
    QuadratureLikelihood likelihood(model.rows, model.family, model.response, rule, 1e-8);
    const Eigen::VectorXd psi = some_parameters(model, 0.8);
    constexpr double kStep = 1e-5;
    InterceptPoints points;
    points.count = 3;
    for (int k = 0; k < 3; ++k)
      points.v[k] = 0.4 + (k - 1) * kStep;
    for (std::int64_t j = 0; j < model.rows.num_groups(); ++j) {
      likelihood.evaluate_intercept(psi, j, points);
      const double slope = (points.density[2] - points.density[0]) / (2.0 * kStep);
      BOOST_TEST(std::abs(points.slope[1] - slope) < 1e-6 * (1.0 + std::abs(slope)));
      const auto group = static_cast<std::size_t>(j);
      const auto rise = log_joint(c, model, psi, group, points.v[2]) -
                        log_joint(c, model, psi, group, points.v[0]);
      BOOST_TEST(std::abs(points.density[2] - points.density[0] -
                          static_cast<double>(rise)) < 1e-10);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
