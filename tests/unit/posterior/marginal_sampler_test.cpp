// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/posterior/diagnostics.hpp"
#include "engine/posterior/independence_sampler.hpp"
#include "engine/posterior/pareto.hpp"
#include "engine/posterior/quadrature_target.hpp"
#include "tests/support/marginal_examples.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(marginal_sampler)

namespace {

/// x: τ as its logarithm.
Eigen::VectorXd start_of(const GlmmModel& model) {
  Eigen::VectorXd x = some_parameters(model, 0.6);
  x[x.size() - 1] = std::log(0.6);
  return x;
}

}  // namespace

// R's loo 2.5.1: psis(lw, r_eff = 1)$diagnostics$pareto_k.
BOOST_AUTO_TEST_CASE(pareto_k_is_that_of_loo) {
  std::vector<double> bounded, heavy, light;
  for (int i = 1; i <= 400; ++i) {
    bounded.push_back(0.7 * std::sin(i * i));
    heavy.push_back(-0.72 * std::log((i - 0.5) / 400.0));
    light.push_back(-0.3 * std::log((i * 137 % 400 + 0.5) / 400.0));
  }
  BOOST_TEST(std::abs(pareto_k(bounded) - -1.4829743689534) < 1e-8);
  BOOST_TEST(std::abs(pareto_k(heavy) - 0.673494921870592) < 1e-8);
  BOOST_TEST(std::abs(pareto_k(light) - 0.335608320582316) < 1e-8);
}

BOOST_AUTO_TEST_CASE(target_has_the_derivatives_of_its_differences) {
  for (const Example& of : kExamples) {
    const auto model = example(of);
    const QuadratureTarget target(model, priors_of(*model), 9);
    const auto worker = target.worker();
    const Eigen::VectorXd x = start_of(*model);
    Eigen::VectorXd gradient;
    Eigen::MatrixXd curvature;
    const TargetValue at = target.derivatives(*worker, x, gradient, curvature);
    BOOST_TEST(at.finite);
    const AlignedVector<double> modes = worker->modes();
    for (Eigen::Index k = 0; k < x.size(); ++k) {
      constexpr double kStep = 1e-4;
      Eigen::VectorXd up = x, down = x;
      up[k] += kStep;
      down[k] -= kStep;
      const double slope = (target.value(*worker, up, modes).log_density -
                            target.value(*worker, down, modes).log_density) /
                           (2.0 * kStep);
      BOOST_TEST(std::abs(gradient[k] - slope) < 1e-4 * (1.0 + std::abs(slope)));
    }
  }
}

BOOST_AUTO_TEST_CASE(log_prior_is_the_sum_of_its_parts) {
  const auto model = example({Family::negbinomial, Link::log});
  const PriorSet priors = priors_of(*model);
  const QuadratureTarget target(model, priors, 5);
  const auto worker = target.worker();
  const Eigen::VectorXd x = start_of(*model);
  const AlignedVector<double> modes(static_cast<std::size_t>(model->rows.num_groups()));
  const TargetValue at = target.value(*worker, x, modes);
  const auto normal = [](double z, double sd) {
    return -0.5 * z * z / (sd * sd) - std::log(sd * std::sqrt(2.0 * std::numbers::pi));
  };
  const auto t3 = [](double z, double scale) {  // 2/(π√3 s) (1 + z²/(3s²))⁻²
    return std::log(2.0 / (std::numbers::pi * std::sqrt(3.0) * scale)) -
           2.0 * std::log1p(z * z / (3.0 * scale * scale));
  };
  const double theta = std::exp(x[3]), tau = std::exp(x[4]);
  const double expected = t3(x[0], 2.5) + normal(x[1] - 0.1, 1.5) +
                          normal(x[2] - 0.1, 1.5) + std::log(2.0) + t3(tau, 1.0) +
                          std::log(0.25 * theta) - 0.5 * theta;
  BOOST_TEST(std::abs(at.log_prior - expected) < 1e-12);
  // The Jacobians of log θ and log τ.
  BOOST_TEST(std::abs(at.log_density - at.log_likelihood - expected - x[3] - x[4]) <
             1e-9);
}

// E_q[r/q] is 1 for every density r: with a normal one, narrower than q, to 4 standard errors.
BOOST_AUTO_TEST_CASE(proposals_have_the_density_that_they_say) {
  for (const Example& of : kExamples) {
    const auto model = example(of);
    const QuadratureTarget target(model, priors_of(*model), 5);
    TauLadder ladder(target, start_of(*model));
    const auto top = std::max_element(
        ladder.rungs().begin(), ladder.rungs().end(), [](const auto& a, const auto& b) {
          return a.level < b.level;
        });
    const Eigen::Index d = top->mode.size();
    for (const double degrees : {12.0, 3.0}) {
      ladder.widen(degrees, 15.0 / degrees - 0.25);
      double sum = 0.0, squares = 0.0;
      constexpr int kDraws = 20'000;
      Eigen::VectorXd x;
      for (int i = 0; i < kDraws; ++i) {
        Variates random(4, Purpose::posterior_draws, i);
        ladder.draw(random, x);
        const Eigen::VectorXd z =
            top->factor.triangularView<Eigen::Lower>().solve(x.head(d) - top->mode);
        const double t = (x[d] - top->t) / 0.3;
        const double log_r =
            -0.5 * (z.squaredNorm() + t * t) -
            0.5 * static_cast<double>(d + 1) * std::log(2.0 * std::numbers::pi) -
            std::log(top->factor.diagonal().prod() * 0.3);
        const double ratio = std::exp(log_r - ladder.log_density(x));
        sum += ratio;
        squares += ratio * ratio;
      }
      const double mean = sum / kDraws;
      const double error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
      BOOST_TEST(error < 0.1);
      BOOST_TEST(std::abs(mean - 1.0) < 4.0 * error);
    }
  }
}

// A plain random walk on the same density: slow, and nothing in it that could be clever.
BOOST_AUTO_TEST_CASE(agrees_with_a_random_walk) {
  constexpr std::int64_t kChains = 2, kWalk = 12'000, kDraws = 4'000;
  for (const Example& of : kExamples) {
    const auto model = example(of);
    const PriorSet priors = priors_of(*model);
    const IndependenceSampler sampler(
        marginal_of(model, priors), {kChains, kDraws, false}, 100, 9);
    ReplicateRows proposals, draws;
    sampler.propose(0, kChains * kDraws, proposals);
    ChainScan scan(sampler, {});
    scan.accept(0, kChains * kDraws, proposals, draws);

    const QuadratureTarget target(model, priors, 5);
    const TauLadder ladder(target, start_of(*model));
    const auto& rung = ladder.rungs()[ladder.rungs().size() / 2];
    const auto worker = target.worker();
    const Eigen::Index P = target.size();
    std::mt19937_64 random(17);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    std::vector<std::vector<double>> walk(static_cast<std::size_t>(P));
    for (std::int64_t chain = 0; chain < kChains; ++chain) {
      Eigen::VectorXd x = start_of(*model);
      double level = target.value(*worker, x, rung.group_modes).log_density;
      for (std::int64_t i = -1000; i < kWalk; ++i) {
        Eigen::VectorXd z(P - 1);
        for (double& value : z)
          value = normal(random);
        Eigen::VectorXd trial = x;
        const double scale = 1.8 / std::sqrt(static_cast<double>(P));
        trial.head(P - 1) += scale * (rung.factor * z);
        trial[P - 1] += scale * normal(random) * 0.6;
        const TargetValue there = target.value(*worker, trial, rung.group_modes);
        if (there.finite && std::log(uniform(random)) < there.log_density - level) {
          x = trial;
          level = there.log_density;
        }
        if (i < 0) continue;
        const Eigen::VectorXd reported = target.reported(x);
        for (Eigen::Index k = 0; k < P; ++k)
          walk[static_cast<std::size_t>(k)].push_back(reported[k]);
      }
    }
    for (Eigen::Index k = 0; k < P; ++k) {
      std::vector<double> ours;
      for (std::int64_t row = 0; row < kChains * kDraws; ++row) {
        ours.push_back(draws.estimate[static_cast<std::size_t>(row * (P + 1) + k)]);
      }
      const DrawSummary a = summarize_draws({ours, kDraws}, 0.9);
      const DrawSummary b =
          summarize_draws({walk[static_cast<std::size_t>(k)], kWalk}, 0.9);
      BOOST_TEST_CONTEXT("family " << static_cast<int>(of.family) << " parameter " << k) {
        BOOST_TEST(b.ess_bulk > 200.0);
        BOOST_TEST(std::abs(a.mean - b.mean) <
                   4.5 * std::hypot(a.mcse_mean, b.mcse_mean));
        BOOST_TEST(std::abs(a.sd - b.sd) < 4.5 * std::hypot(a.mcse_sd, b.mcse_sd));
        BOOST_TEST(std::abs(a.low - b.low) < 5.0 * std::hypot(a.mcse_low, b.mcse_low));
        BOOST_TEST(std::abs(a.high - b.high) <
                   5.0 * std::hypot(a.mcse_high, b.mcse_high));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_scan_goes_on_from_stored_rows_as_if_never_stopped) {
  const auto model = example(kExamples[1]);
  const DrawShape shape{3, 70, false};
  const IndependenceSampler sampler(marginal_of(model, priors_of(*model)), shape, 10, 5);
  ReplicateRows proposals, whole, part;
  sampler.propose(0, shape.num_draws(), proposals);
  ChainScan once(sampler, {});
  once.accept(0, shape.num_draws(), proposals, whole);
  for (const std::int64_t block : {1, 7, 40, 70, 100}) {
    // Every block by a scan of its own that knows the statuses before it.
    for (std::int64_t first = 0; first < shape.num_draws(); first += block) {
      const std::int64_t count = std::min(block, shape.num_draws() - first);
      std::vector<std::int8_t> status(static_cast<std::size_t>(shape.num_draws()), -1);
      std::copy_n(whole.status.begin(), first, status.begin());
      ChainScan scan(sampler, status);
      sampler.propose(first, count, proposals);
      scan.accept(first, count, proposals, part);
      const auto at = whole.estimate.begin() + first * sampler.width();
      BOOST_TEST(std::equal(part.estimate.begin(), part.estimate.end(), at));
      BOOST_TEST(std::equal(
          part.status.begin(), part.status.end(), whole.status.begin() + first));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
