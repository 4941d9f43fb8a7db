// SPDX-License-Identifier: MIT
#include "engine/posterior/gaussian_target.hpp"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/posterior/diagnostics.hpp"
#include "engine/posterior/gaussian_posterior.hpp"
#include "engine/posterior/independence_sampler.hpp"
#include "engine/posterior/slice_sampler.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(gaussian_target)

namespace {

GroupedStats some_stats() {
  return stats_of(random_rows({.sizes = {9, 4, 6, 2, 11, 7, 3}, .group_columns = 1}, 5));
}

PriorSet some_priors(const GroupedStats& stats) {
  PriorSet priors;
  priors.coefficient.assign(static_cast<std::size_t>(stats.num_fixed()),
                            make_prior(PriorKind::normal, 0.1, 1.5));
  priors.intercept = make_prior(PriorKind::student_t, 3.0, 0.5, 2.5);
  priors.tau = make_prior(PriorKind::half_student_t, 3.0, 1.0);
  priors.sigma = make_prior(PriorKind::exponential, 0.7);
  return priors;
}

/// Every kind of coordinate.
std::vector<PriorSet> prior_sets(const GroupedStats& stats) {
  std::vector<PriorSet> sets(4, some_priors(stats));
  sets[1].intercept_is_centred = false;
  sets[1].tau_is_ratio = true;
  sets[2].coefficient.back() = make_prior(PriorKind::uniform, -3.0, 2.0);
  sets[2].sigma = make_prior(PriorKind::uniform, 0.0, 4.0);
  sets[2].tau = make_prior(PriorKind::uniform, 0.0, 3.0);
  sets[3] = sets[2];
  sets[3].intercept = make_prior(PriorKind::uniform, -40.0, 40.0);
  sets[3].intercept_is_centred = false;
  sets[3].tau_is_ratio = true;
  return sets;
}

Eigen::VectorXd some_values(const GroupedStats& stats) {
  Eigen::VectorXd values(stats.num_fixed() + 2);
  for (Eigen::Index k = 0; k < values.size(); ++k)
    values[k] = 0.3 + 0.1 * static_cast<double>(k);
  values.tail(2) << 0.8, 1.1;  // τ, σ
  return values;
}

}  // namespace

BOOST_AUTO_TEST_CASE(derivatives_are_those_of_differences) {
  const GroupedStats stats = some_stats();
  for (const PriorSet& priors : prior_sets(stats)) {
    const GaussianTarget target(stats, priors);
    const auto worker = target.worker();
    const Eigen::VectorXd x = target.from_reported(some_values(stats));
    Eigen::VectorXd gradient, above, below;
    Eigen::MatrixXd curvature, ignored;
    BOOST_TEST(target.derivatives(*worker, x, gradient, curvature).finite);
    for (Eigen::Index k = 0; k < x.size(); ++k) {
      constexpr double kStep = 1e-5;
      Eigen::VectorXd up = x, down = x;
      up[k] += kStep;
      down[k] -= kStep;
      const double slope = (target.value(*worker, up, {}).log_density -
                            target.value(*worker, down, {}).log_density) /
                           (2.0 * kStep);
      BOOST_TEST(std::abs(gradient[k] - slope) < 1e-6 * (1.0 + std::abs(slope)));
      target.derivatives(*worker, up, above, ignored);
      target.derivatives(*worker, down, below, ignored);
      const Eigen::VectorXd bend = (below - above) / (2.0 * kStep);
      BOOST_TEST((curvature.col(k) - bend).norm() < 1e-6 * (1.0 + bend.norm()));
    }
  }
}

BOOST_AUTO_TEST_CASE(coordinates_go_there_and_back) {
  const GroupedStats stats = some_stats();
  for (const PriorSet& priors : prior_sets(stats)) {
    const GaussianTarget target(stats, priors);
    const Eigen::VectorXd values = some_values(stats);
    const Eigen::VectorXd again = target.reported(target.from_reported(values));
    BOOST_TEST((values - again).norm() < 1e-12 * values.norm());
  }
}

// The same posterior by two ways that share the likelihood's formula alone: exact draws, and
// both samplers on the target. In 2 × 4 × 5 comparisons within 4.5 standard errors.
BOOST_AUTO_TEST_CASE(samplers_agree_with_exact_draws) {
  constexpr std::int64_t kExact = 40'000, kChains = 2, kProposed = 8000, kSlices = 2000;
  const GroupedStats stats = some_stats();
  for (const PriorSet& priors : prior_sets(stats)) {
    const GaussianPosterior exact(stats, priors);
    BOOST_TEST_REQUIRE(exact.is_practical());
    auto target = std::make_unique<const GaussianTarget>(stats, priors);
    const Eigen::VectorXd start = target->start(some_values(stats));
    const Eigen::Index P = target->size();
    const auto worker = target->worker();
    const auto marginal =
        std::make_shared<const MarginalPosterior>(std::move(target), start);
    std::vector<std::vector<double>> columns(static_cast<std::size_t>(P + 2));
    GaussianDraw one;
    for (std::int64_t i = 0; i < kExact; ++i) {
      exact.draw(11, i, true, one);
      Eigen::VectorXd values(P);
      values << one.beta, one.tau, one.sigma;
      for (Eigen::Index k = 0; k < P; ++k)
        columns[static_cast<std::size_t>(k)].push_back(values[k]);
      columns[static_cast<std::size_t>(P)].push_back(one.log_prior);
      columns[static_cast<std::size_t>(P + 1)].push_back(one.u[0]);
      if (i >= 100) continue;
      const TargetValue at =
          marginal->target->value(*worker, marginal->target->from_reported(values), {});
      BOOST_TEST(std::abs(at.log_prior - one.log_prior) < 1e-9);
      BOOST_TEST(std::abs(at.log_likelihood - one.log_likelihood) < 1e-9);
    }
    const auto compare = [&](const ReplicateRows& rows, std::int64_t per_chain) {
      for (Eigen::Index k = 0; k < P + 2; ++k) {
        std::vector<double> drawn;
        for (std::int64_t row = 0; row < rows.count; ++row)
          drawn.push_back(
              rows.estimate[static_cast<std::size_t>(row * rows.num_estimates + k)]);
        const DrawSummary a =
            summarize_draws({columns[static_cast<std::size_t>(k)], kExact}, 0.9);
        const DrawSummary b = summarize_draws({drawn, per_chain}, 0.9);
        BOOST_TEST(b.ess_bulk > 300.0);
        BOOST_TEST(std::abs(a.mean - b.mean) <
                   4.5 * std::hypot(a.mcse_mean, b.mcse_mean));
        BOOST_TEST(std::abs(a.low - b.low) < 5.0 * std::hypot(a.mcse_low, b.mcse_low));
        BOOST_TEST(std::abs(a.high - b.high) <
                   5.0 * std::hypot(a.mcse_high, b.mcse_high));
      }
    };
    const IndependenceSampler sampler(marginal, {kChains, kProposed, true}, 50, 3);
    ReplicateRows proposals, draws, part;
    sampler.propose(0, kChains * kProposed, proposals);
    ChainScan(sampler, {}).accept(0, kChains * kProposed, proposals, draws);
    compare(draws, kProposed);
    const SliceSampler slices(marginal, {1, kSlices, true}, 50, 4);
    slices.advance(0, kSlices, nullptr, part);
    compare(part, kSlices);
  }
}

// Dyestuff (Davies 1947), whose mean is 1527.5 ± 18, under μ ~ N(1000, 5²): against a fine grid
// over (log τ, log σ) with μ integrated out in closed form.
BOOST_AUTO_TEST_CASE(a_prior_that_contradicts_the_data) {
  const GroupedStats stats =
      one_way({5, 5, 5, 5, 5, 5}, {1505, 1528, 1564, 1498, 1600, 1470}, 58830.0);
  PriorSet priors;
  priors.coefficient.resize(1);
  priors.intercept = make_prior(PriorKind::normal, 1000.0, 5.0);
  priors.tau = make_prior(PriorKind::half_student_t, 3.0, 50.0);
  priors.sigma = make_prior(PriorKind::half_student_t, 3.0, 50.0);
  BOOST_TEST(!GaussianPosterior(stats, priors).is_practical());
  double total = 0.0, tau_mean = 0.0, sigma_mean = 0.0, mu_mean = 0.0;
  constexpr int kSteps = 600;
  for (int a = 0; a < kSteps; ++a) {
    for (int b = 0; b < kSteps; ++b) {
      const double tau = std::exp(std::log(0.1) + std::log(1e6) * (a + 0.5) / kSteps);
      const double sigma =
          std::exp(std::log(10.0) + std::log(100.0) * (b + 0.5) / kSteps);
      double weights = 1.0 / 25.0, sum = 1000.0 / 25.0, squares = 1000.0 * 1000.0 / 25.0;
      double value = -24.0 * std::log(sigma) - 0.5 * 58830.0 / (sigma * sigma);
      for (Eigen::Index j = 0; j < 6; ++j) {
        const double variance = tau * tau + sigma * sigma / 5.0;
        value -= 0.5 * std::log(variance);
        weights += 1.0 / variance;
        sum += stats.mean(1, j) / variance;
        squares += stats.mean(1, j) * stats.mean(1, j) / variance;
      }
      value -= 0.5 * (std::log(weights) + squares - sum * sum / weights);
      // half-t of 3 degrees of freedom, scale 50, of both; log τ and log σ as coordinates
      value -= 2.0 * std::log1p(tau * tau / 7500.0) +
               2.0 * std::log1p(sigma * sigma / 7500.0) - std::log(tau * sigma);
      const double p = std::exp(value + 150.0);
      total += p;
      tau_mean += p * tau;
      sigma_mean += p * sigma;
      mu_mean += p * sum / weights;
    }
  }
  auto target = std::make_unique<const GaussianTarget>(stats, priors);
  const Eigen::VectorXd start = target->start(Eigen::Vector3d(1527.5, 37.0, 50.0));
  const auto marginal =
      std::make_shared<const MarginalPosterior>(std::move(target), start);
  constexpr std::int64_t kDraws = 40'000;
  const IndependenceSampler sampler(marginal, {1, kDraws, false}, 50, 3);
  BOOST_TEST(sampler.is_good());
  ReplicateRows proposals, draws;
  sampler.propose(0, kDraws, proposals);
  ChainScan(sampler, {}).accept(0, kDraws, proposals, draws);
  const double expected[] = {mu_mean / total, tau_mean / total, sigma_mean / total};
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> drawn;
    for (std::size_t row = 0; row < kDraws; ++row)
      drawn.push_back(draws.estimate[row * 4 + k]);
    const DrawSummary found = summarize_draws({drawn, kDraws}, 0.9);
    BOOST_TEST(std::abs(found.mean - expected[k]) < 4.0 * found.mcse_mean);
  }
}

BOOST_AUTO_TEST_SUITE_END()
