// SPDX-License-Identifier: MIT
#include "engine/posterior/slice_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/posterior/diagnostics.hpp"
#include "engine/posterior/independence_sampler.hpp"
#include "tests/support/marginal_examples.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(slice_sampler)

namespace {

std::vector<double> column_of(const ReplicateRows& rows, std::int64_t column) {
  std::vector<double> out;
  for (std::int64_t row = 0; row < rows.count; ++row)
    out.push_back(
        rows.estimate[static_cast<std::size_t>(row * rows.num_estimates + column)]);
  return out;
}

/// All draws, chain after chain.
ReplicateRows all_draws(const SliceSampler& sampler) {
  const DrawShape& shape = sampler.shape();
  ReplicateRows all, part;
  all.resize(shape.num_draws(), sampler.width(), 0);
  for (std::int64_t chain = 0; chain < shape.num_chains; ++chain) {
    const std::int64_t first = chain * shape.draws_per_chain;
    sampler.advance(first, shape.draws_per_chain, nullptr, part);
    std::copy(part.estimate.begin(),
              part.estimate.end(),
              all.estimate.begin() + first * sampler.width());
    std::copy(part.log_likelihood.begin(),
              part.log_likelihood.end(),
              all.log_likelihood.begin() + first);
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(ladder_coordinates_go_there_and_back) {
  for (const Example& of : kExamples) {
    const auto model = example(of);
    const auto marginal = marginal_of(model, priors_of(*model));
    const Eigen::Index P = marginal->target->size();
    for (int i = 0; i < 50; ++i) {
      Variates random(1, Purpose::posterior_draws, i);
      Eigen::VectorXd x, z, again;
      marginal->ladder.draw(random, x);
      marginal->ladder.to_standard(x, z);
      const double log_det = marginal->ladder.from_standard(z, again);
      BOOST_TEST((x - again).norm() < 1e-12 * (1.0 + x.norm()));
      const Eigen::VectorXd back =
          marginal->target->from_reported(marginal->target->reported(x));
      BOOST_TEST((x - back).norm() < 1e-12 * (1.0 + x.norm()));
      // The Jacobian by differences.
      Eigen::MatrixXd jacobian(P, P);
      for (Eigen::Index k = 0; k < P; ++k) {
        constexpr double kStep = 1e-6;
        Eigen::VectorXd up = z, down = z, x_up, x_down;
        up[k] += kStep;
        down[k] -= kStep;
        marginal->ladder.from_standard(up, x_up);
        marginal->ladder.from_standard(down, x_down);
        jacobian.col(k) = (x_up - x_down) / (2.0 * kStep);
      }
      BOOST_TEST(std::abs(std::log(std::abs(jacobian.determinant())) - log_det) < 1e-6);
    }
  }
}

// Two samplers that share no step: means, sds and quantiles of every parameter and of a group
// intercept within 4.5 standard errors, in 24 × 4 comparisons.
BOOST_AUTO_TEST_CASE(agrees_with_the_independence_sampler) {
  constexpr std::int64_t kChains = 2, kSlices = 1500, kDraws = 4000;
  for (const Example& of : kExamples) {
    const auto model = example(of);
    const auto marginal = marginal_of(model, priors_of(*model));
    const SliceSampler slices(marginal, {kChains, kSlices, true}, 50, 21);
    const ReplicateRows walked = all_draws(slices);
    const IndependenceSampler sampler(marginal, {kChains, kDraws, true}, 50, 9);
    BOOST_TEST(sampler.width() == slices.width());
    ReplicateRows proposals, draws;
    sampler.propose(0, kChains * kDraws, proposals);
    ChainScan scan(sampler, {});
    scan.accept(0, kChains * kDraws, proposals, draws);
    const std::int64_t P = marginal->target->size();
    for (std::int64_t k = 0; k < P + 3; ++k) {
      const DrawSummary a = summarize_draws({column_of(walked, k), kSlices}, 0.9);
      const DrawSummary b = summarize_draws({column_of(draws, k), kDraws}, 0.9);
      BOOST_TEST_CONTEXT("family " << static_cast<int>(of.family) << " column " << k) {
        BOOST_TEST(a.ess_bulk > 200.0);
        BOOST_TEST(a.rhat < 1.02);
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

BOOST_AUTO_TEST_CASE(a_chain_is_the_same_however_it_is_cut) {
  for (const Example& of : kExamples) {
    const auto model = example(of);
    const SliceSampler sampler(
        marginal_of(model, priors_of(*model)), {2, 24, true}, 5, 4);
    const ReplicateRows whole = all_draws(sampler);
    const std::int64_t width = sampler.width();
    ReplicateRows part;
    for (const std::int64_t count : {1, 8, 12}) {
      for (std::int64_t first = 0; first < 48; first += count) {
        const double* before =
            first % 24 == 0 ? nullptr : whole.estimate.data() + (first - 1) * width;
        sampler.advance(first, count, before, part);
        BOOST_TEST(std::equal(part.estimate.begin(),
                              part.estimate.end(),
                              whole.estimate.begin() + first * width));
        BOOST_TEST(std::equal(part.log_likelihood.begin(),
                              part.log_likelihood.end(),
                              whole.log_likelihood.begin() + first));
      }
    }
    BOOST_TEST((column_of(whole, 0)[0] != column_of(whole, 0)[24]));
  }
}

BOOST_AUTO_TEST_SUITE_END()
