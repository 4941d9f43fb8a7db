// SPDX-License-Identifier: MIT
#include "engine/posterior/gaussian_posterior.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "tests/support/kolmogorov.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(gaussian_posterior)

namespace {

constexpr int kDraws = 100'000;
constexpr double kAlpha = 1e-6;  // false alarms, per test

/// Dyestuff: 6 batches of 5 (Davies 1947), its sufficient statistics.
GroupedStats dyestuff() {
  return one_way({5, 5, 5, 5, 5, 5}, {1505, 1528, 1564, 1498, 1600, 1470}, 58830.0);
}

PriorModel one_way_model() {
  return {.terms = {"(Intercept)"}};
}

PriorSet priors_of(const std::vector<std::string>& given) {
  DataScales scales;
  scales.mean_y = 1527.5;
  scales.sd_y = 64.0;
  scales.median_y = 1530.0;
  scales.mad_y = 66.0;
  scales.column_mean = Eigen::VectorXd::Ones(1);
  scales.column_sd = Eigen::VectorXd::Zero(1);
  return resolve_priors(given, one_way_model(), scales);
}

/// Distribution functions of τ and σ by brute force: a fine grid over (log τ, log σ), μ
/// integrated out in closed form. Independent of rotation, envelope and tangents.
struct BruteForce {
  std::vector<double> tau, tau_cdf, sigma, sigma_cdf;

  BruteForce(const GroupedStats& stats, const PriorSet& priors) {
    constexpr int kSteps = 2400;
    // Wide: Gamma(0.001, 0.001) has mass at τ of 0.01, a flat prior at 10⁶.
    const double low_tau = std::log(1e-3), high_tau = std::log(1e7);
    const bool bounded = priors.sigma.kind == PriorKind::uniform;
    const double low_sigma = std::log(15.0);
    const double high_sigma = std::log(bounded ? priors.sigma.b : 250.0);
    const double n = stats.size.sum(), J = static_cast<double>(stats.size.size());
    std::vector<double> row(kSteps), column(kSteps);
    std::vector<std::vector<double>> logs(kSteps, std::vector<double>(kSteps / 4));
    double top = -1e300;
    for (int a = 0; a < kSteps; ++a) {
      const double t = std::exp(low_tau + (high_tau - low_tau) * (a + 0.5) / kSteps);
      tau.push_back(t);
      for (int b = 0; b < kSteps / 4; ++b) {
        const double s =
            std::exp(low_sigma + (high_sigma - low_sigma) * (b + 0.5) / (kSteps / 4));
        double value = -(n - J) * std::log(s) - 0.5 * stats.within(1, 1) / (s * s);
        double weights = 0.0, mean = 0.0, squares = 0.0;
        for (Eigen::Index j = 0; j < stats.size.size(); ++j) {
          const double variance = s * s + stats.size[j] * t * t;
          const double w = stats.size[j] / variance;
          value -= 0.5 * std::log(variance);
          weights += w;
          mean += w * stats.mean(1, j);
          squares += w * stats.mean(1, j) * stats.mean(1, j);
        }
        value -= 0.5 * std::log(weights) + 0.5 * (squares - mean * mean / weights);
        value += priors.sigma.log_density(s) + std::log(s) + std::log(t);
        value += priors.tau_is_ratio ? priors.tau.log_density(t / s) - std::log(s)
                                     : priors.tau.log_density(t);
        logs[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)] = value;
        top = std::max(top, value);
      }
    }
    sigma_cdf.assign(kSteps / 4, 0.0);
    for (int b = 0; b < kSteps / 4; ++b) {
      sigma.push_back(
          std::exp(low_sigma + (high_sigma - low_sigma) * (b + 1.0) / (kSteps / 4)));
    }
    double sum = 0.0;
    for (int a = 0; a < kSteps; ++a) {
      for (int b = 0; b < kSteps / 4; ++b) {
        const double p = std::exp(
            logs[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)] - top);
        sum += p;
        sigma_cdf[static_cast<std::size_t>(b)] += p;
      }
      tau_cdf.push_back(sum);
      tau[static_cast<std::size_t>(a)] *=
          std::exp(0.5 * (high_tau - low_tau) / kSteps);  // ends of cells
    }
    for (double& value : tau_cdf)
      value /= sum;
    double below = 0.0;
    for (double& value : sigma_cdf) {
      below += value / sum;
      value = below;
    }
  }

  static double at(const std::vector<double>& x,
                   const std::vector<double>& cdf,
                   double v) {
    const auto k = std::lower_bound(x.begin(), x.end(), v) - x.begin();
    if (k == std::ssize(x)) return 1.0;
    const auto i = static_cast<std::size_t>(k);
    const double before = i == 0 ? 0.0 : cdf[i - 1];
    const double from = i == 0 ? 0.0 : x[i - 1];
    return before + (cdf[i] - before) * (v - from) / (x[i] - from);
  }
};

struct Draws {
  std::vector<double> beta, tau, sigma, u;
};

Draws draw(const GaussianPosterior& posterior, int count, bool with_groups = false) {
  Draws out;
  GaussianDraw one;
  for (int i = 0; i < count; ++i) {
    posterior.draw(1, i, with_groups, one);
    out.beta.push_back(one.beta[0]);
    out.tau.push_back(one.tau);
    out.sigma.push_back(one.sigma);
    if (with_groups) out.u.push_back(one.u[2]);
  }
  return out;
}

double mean_of(const std::vector<double>& x, const std::function<double(double)>& f) {
  double sum = 0.0;
  for (const double value : x)
    sum += f(value);
  return sum / static_cast<double>(x.size());
}

double quantile(std::vector<double> x, double p) {
  std::sort(x.begin(), x.end());
  return x[static_cast<std::size_t>(p * static_cast<double>(x.size()))];
}

}  // namespace

BOOST_AUTO_TEST_CASE(draws_have_the_distribution_that_brute_force_gives) {
  const GroupedStats stats = dyestuff();
  const std::vector<std::vector<std::string>> sets = {
      {"brms", "Intercept~flat"},
      {"mlwin"},
      {"flat"},
      {"rstanarm", "Intercept~flat"},
      {"flat", "sd~half_cauchy(25)", "sigma~exponential(0.1)"},
      {"flat", "sd~uniform(0, 60)", "sigma~half_normal(40)"},
      {"flat", "sd~gamma(2, 0.1)", "sigma~inv_gamma(3, 100)"},
      {"flat", "sd~half_normal(5)", "sigma~uniform(0, 60)"},
      {"flat", "sd~flat_var", "sigma~flat_var"},
      {"flat", "sd~pc(10, 0.01)"},
      {"flat", "sd~inv_gamma(2, 30)"},
      {"flat", "sd/sigma~gamma(1.5, 1)"},
  };
  for (const std::vector<std::string>& given : sets) {
    const PriorSet priors = priors_of(given);
    const BruteForce exact(stats, priors);
    const GaussianPosterior posterior(stats, priors);
    Draws draws = draw(posterior, kDraws);
    const double tau = kolmogorov(
        draws.tau, [&](double x) { return BruteForce::at(exact.tau, exact.tau_cdf, x); });
    const double sigma = kolmogorov(draws.sigma, [&](double x) {
      return BruteForce::at(exact.sigma, exact.sigma_cdf, x);
    });
    BOOST_TEST_CONTEXT(given.back()) {
      BOOST_TEST(tau < kolmogorov_limit(kAlpha));
      BOOST_TEST(sigma < kolmogorov_limit(kAlpha));
    }
  }
}

// Dyes of the BUGS examples: precisions ~ Gamma(0.001, 0.001), μ ~ N(0, 10¹⁰). Values by
// two-dimensional quadrature; WinBUGS and JAGS agree within their Monte Carlo errors.
BOOST_AUTO_TEST_CASE(dyes_reference) {
  const GaussianPosterior posterior(dyestuff(),
                                    priors_of({"mlwin", "(Intercept)~normal(0, 1e5)"}));
  const Draws draws = draw(posterior, kDraws);
  const double root = std::sqrt(static_cast<double>(kDraws));
  const auto square = [](double x) { return x * x; };
  BOOST_TEST(std::abs(mean_of(draws.sigma, square) - 3014.0) <
             4.0 * 1098.9 / root + 0.05);
  BOOST_TEST(std::abs(mean_of(draws.beta, [](double x) { return x; }) - 1527.5) <
             4.0 * 21.86 / root);
  const double sd = std::sqrt(
      mean_of(draws.beta, [](double x) { return (x - 1527.5) * (x - 1527.5); }));
  // Tails of θ are heavy: kurtosis about 8.
  BOOST_TEST(std::abs(sd - 21.86) < 4.0 * 21.86 * std::sqrt(7.0 / 4.0) / root);
  double share = 0.0;
  for (std::size_t i = 0; i < draws.tau.size(); ++i) {
    share += square(draws.tau[i]) / (square(draws.tau[i]) + square(draws.sigma[i]));
  }
  BOOST_TEST(std::abs(share / kDraws - 0.34149) < 4.0 * 0.24409 / root);
  // Medians: error √(¼/S)/density, the densities read off quantiles 1% to either side.
  const auto median_error = [&](const std::vector<double>& x) {
    return 4.0 * 0.5 / root * (square(quantile(x, 0.51)) - square(quantile(x, 0.49))) /
           0.02;
  };
  BOOST_TEST(std::abs(square(quantile(draws.tau, 0.5)) - 1347.3) <
             median_error(draws.tau));
  BOOST_TEST(std::abs(square(quantile(draws.sigma, 0.5)) - 2773.7) <
             median_error(draws.sigma));
}

BOOST_AUTO_TEST_CASE(dyes_reference_with_a_flat_prior_of_the_sd) {
  const GaussianPosterior posterior(dyestuff(), priors_of({"mlwin", "sd~flat"}));
  const Draws draws = draw(posterior, kDraws);
  double share = 0.0;
  for (std::size_t i = 0; i < draws.tau.size(); ++i) {
    const double between = draws.tau[i] * draws.tau[i];
    share += between / (between + draws.sigma[i] * draws.sigma[i]);
  }
  // 0.50364; the standard deviation of the share is below ½.
  BOOST_TEST(std::abs(share / kDraws - 0.50364) < 4.0 * 0.25 / std::sqrt(kDraws));
  const double median = quantile(draws.tau, 0.5);
  BOOST_TEST(std::abs(median * median - 2620.5) < 60.0);
}

BOOST_AUTO_TEST_CASE(coefficients_and_intercepts_follow_from_the_variances) {
  // Given σ and τ, β and u are jointly normal: their standardised values are, exactly.
  const TwoLevelRows rows =
      random_rows({.sizes = {9, 4, 6, 2, 11, 7, 3}, .group_columns = 1}, 5);
  const GroupedStats stats = stats_of(rows);
  PriorSet priors;
  priors.coefficient.resize(static_cast<std::size_t>(stats.num_fixed()));
  priors.tau = make_prior(PriorKind::half_student_t, 3.0, 1.0);
  const GaussianPosterior posterior(stats, priors);
  const Eigen::Index n = rows.z.rows(), p = stats.num_fixed();
  const Eigen::MatrixXd X = rows.z.leftCols(p);
  const Eigen::VectorXd y = rows.z.col(p);
  Eigen::MatrixXd Z = Eigen::MatrixXd::Zero(n, stats.num_groups());
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto j =
        std::find(
            stats.key.begin(), stats.key.end(), rows.group[static_cast<std::size_t>(i)]) -
        stats.key.begin();
    Z(i, j) = 1.0;
  }
  Eigen::MatrixXd XZ(n, p + Z.cols());
  XZ << X, Z;
  std::vector<double> slope, intercept, sum;
  GaussianDraw one;
  for (int i = 0; i < 20'000; ++i) {
    posterior.draw(3, i, true, one);
    // Henderson's equations, dense: precision of (β, u) and its mean.
    Eigen::MatrixXd precision = XZ.transpose() * XZ / (one.sigma * one.sigma);
    precision.bottomRightCorner(Z.cols(), Z.cols()).diagonal().array() +=
        1.0 / (one.tau * one.tau);
    const Eigen::MatrixXd covariance = precision.inverse();
    const Eigen::VectorXd mean =
        covariance * (XZ.transpose() * y) / (one.sigma * one.sigma);
    const auto standardised = [&](const Eigen::VectorXd& c) {
      const double value = c.head(p).dot(one.beta) + c.tail(Z.cols()).dot(one.u);
      return (value - c.dot(mean)) / std::sqrt(c.dot(covariance * c));
    };
    const Eigen::Index size = p + Z.cols();
    slope.push_back(standardised(Eigen::VectorXd::Unit(size, p - 1)));
    intercept.push_back(standardised(Eigen::VectorXd::Unit(size, p + 1)));
    sum.push_back(standardised(Eigen::VectorXd::Ones(size)));
  }
  const auto normal = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  BOOST_TEST(kolmogorov(slope, normal) < kolmogorov_limit(kAlpha));
  BOOST_TEST(kolmogorov(intercept, normal) < kolmogorov_limit(kAlpha));
  BOOST_TEST(kolmogorov(sum, normal) < kolmogorov_limit(kAlpha));
}

BOOST_AUTO_TEST_CASE(a_draw_is_a_function_of_its_number_alone) {
  const GaussianPosterior posterior(dyestuff(), priors_of({"brms"}));
  GaussianDraw a, b;
  posterior.draw(7, 123, true, a);
  posterior.draw(7, 5, true, b);
  posterior.draw(7, 123, true, b);
  BOOST_TEST(a.tau == b.tau);
  BOOST_TEST(a.sigma == b.sigma);
  BOOST_TEST(a.beta[0] == b.beta[0]);
  BOOST_TEST(a.u[5] == b.u[5]);
}

BOOST_AUTO_TEST_CASE(improper_posteriors_are_refused) {
  // Two groups give r = 1: a flat prior of τ has no proper posterior.
  const GroupedStats two = one_way({5, 5}, {1505, 1528}, 20000.0);
  BOOST_CHECK_THROW(GaussianPosterior(two, priors_of({"flat"})), UsageError);
  BOOST_CHECK_NO_THROW(GaussianPosterior(two, priors_of({"flat", "sd~half_cauchy(30)"})));
  // Three groups: proper.
  const GroupedStats three = one_way({5, 5, 5}, {1505, 1528, 1530}, 20000.0);
  BOOST_CHECK_NO_THROW(GaussianPosterior(three, priors_of({"flat"})));
  // A flat variance needs r ≥ 3, four groups.
  BOOST_CHECK_THROW(GaussianPosterior(three, priors_of({"flat", "sd~flat_var"})),
                    UsageError);
}

BOOST_AUTO_TEST_SUITE_END()
