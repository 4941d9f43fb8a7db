// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/posterior/gaussian_sampler.hpp"
#include "engine/posterior/gaussian_target.hpp"
#include "engine/posterior/independence_sampler.hpp"
#include "engine/posterior/slice_sampler.hpp"
#include "tests/support/glmm_rows.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

// Simulation-based calibration (Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv
// 1804.06788). Parameters are drawn from their priors, data from the model; then the true
// value has a uniform rank among independent draws from the posterior, whatever is ranked. So
// everything is tested at once: priors, likelihood, quadrature, sampler, group intercepts. The
// likelihood is ranked too: it shows errors that the parameters miss (Modrák et al. 2023,
// Bayesian Analysis).
//
// 19 draws, 20 equally likely ranks: for each quantity a χ² test on 19 degrees of freedom, and a
// z test of the mean rank, which sees small shifts. (With intercepts of 0.6 times their sd in
// the simulation, for a trial, those of τ and of the likelihood fail for counts.) The seeds are
// fixed. Data sets may be left out for what they are (a category that nobody chose): given the
// data, nothing changes.
// MERIT_LONG_TESTS=1 in the environment: 1,000 data sets of 5 groups, and as many of 26, in the
// place of 250 of 12.
BOOST_AUTO_TEST_SUITE(posterior_calibration)

namespace {

constexpr int kDraws = 19;
constexpr double kFalseAlarm = 1e-6;  // of each quantity

bool long_tests() {
  const char* set = std::getenv("MERIT_LONG_TESTS");
  return set != nullptr && std::string(set) == "1";
}

std::vector<int> group_counts() {
  return long_tests() ? std::vector<int>{5, 26} : std::vector<int>{12};
}

int data_sets() {
  return long_tests() ? 1000 : 250;
}

/// Ranks of several quantities over data sets.
class Ranks {
 public:
  void add(const std::string& name, double truth, const std::vector<double>& draws) {
    const auto below = std::count_if(
        draws.begin(), draws.end(), [&](double draw) { return draw < truth; });
    ++counts_[name][static_cast<std::size_t>(below)];
  }

  void check() const {
    const double limit = boost::math::quantile(
        boost::math::complement(boost::math::chi_squared(kDraws), kFalseAlarm));
    const double furthest = boost::math::quantile(
        boost::math::complement(boost::math::normal(), 0.5 * kFalseAlarm));
    BOOST_TEST(!counts_.empty());
    for (const auto& [name, counts] : counts_) {
      double n = 0.0, sum = 0.0, statistic = 0.0;
      for (std::size_t rank = 0; rank < counts.size(); ++rank) {
        n += counts[rank];
        sum += static_cast<double>(rank) * counts[rank];
      }
      const double expected = n / (kDraws + 1);
      for (const int count : counts)
        statistic += (count - expected) * (count - expected) / expected;
      // Ranks 0 … 19 have mean 9.5 and variance (20² − 1)/12.
      const double sd = std::sqrt(((kDraws + 1) * (kDraws + 1) - 1) / 12.0 / n);
      const double z = (sum / n - 0.5 * kDraws) / sd;
      BOOST_TEST(n == data_sets());
      BOOST_TEST(statistic < limit, name << ": chi-squared " << statistic);
      BOOST_TEST(std::abs(z) < furthest, name << ": z of the mean rank " << z);
    }
  }

 private:
  std::map<std::string, std::array<int, kDraws + 1>> counts_;
};

using Random = std::mt19937_64;

double normal(Random& random, double sd) {
  return std::normal_distribution<double>(0.0, sd)(random);
}

/// What all models have: groups of 4 to 12 rows, one covariate of rows, one of groups.
struct Design {
  std::vector<double> group, x, w;

  Design(Random& random, int num_groups) {
    for (int j = 0; j < num_groups; ++j) {
      const double of_group = normal(random, 1.0);
      const int n = 4 + static_cast<int>(random() % 9);
      for (int i = 0; i < n; ++i) {
        group.push_back(j);
        x.push_back(normal(random, 1.0));
        w.push_back(of_group);
      }
    }
  }
};

/// Nearly independent rows of a posterior: every tenth of an independence chain, or every
/// third sweep where the program would take slices (or is made to).
ReplicateRows posterior_rows(const std::shared_ptr<const MarginalPosterior>& posterior,
                             std::uint64_t seed,
                             bool slices) {
  const std::int64_t thin = slices ? 3 : 10;
  const DrawShape shape{1, kDraws * thin, true};
  ReplicateRows rows;
  if (!slices) {
    const IndependenceSampler sampler(posterior, shape, 50, seed);
    if (!sampler.is_good()) return posterior_rows(posterior, seed, true);
    ReplicateRows proposals;
    sampler.propose(0, shape.num_draws(), proposals);
    ChainScan(sampler, {}).accept(0, shape.num_draws(), proposals, rows);
  } else {
    SliceSampler(posterior, shape, 10, seed).advance(0, shape.num_draws(), nullptr, rows);
  }
  ReplicateRows out;
  out.resize(kDraws, rows.num_estimates, 0);
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const std::int64_t from = (i + 1) * thin - 1;
    std::copy_n(rows.estimate.begin() + from * rows.num_estimates,
                rows.num_estimates,
                out.estimate.begin() + i * rows.num_estimates);
    out.log_likelihood[static_cast<std::size_t>(i)] =
        rows.log_likelihood[static_cast<std::size_t>(from)];
  }
  return out;
}

// --- Gaussian ------------------------------------------------------------------------------

PriorSet gaussian_priors() {
  PriorSet priors;
  priors.coefficient.assign(3, make_prior(PriorKind::normal, 0.0, 2.0));
  priors.intercept = make_prior(PriorKind::normal, 0.0, 2.0);
  priors.intercept_is_centred = false;
  priors.tau = make_prior(PriorKind::half_normal, 1.0);
  priors.sigma = make_prior(PriorKind::exponential, 1.0);
  return priors;
}

/// Exact draws, or chains where the program would take them (or is made to).
ReplicateRows gaussian_rows(const GroupedStats& stats,
                            const Eigen::VectorXd& truth,
                            std::uint64_t seed,
                            bool chains) {
  auto exact = std::make_shared<const GaussianPosterior>(stats, gaussian_priors());
  if (exact->is_practical() && !chains) {
    ReplicateRows rows;
    gaussian_sampler(std::move(exact), {1, kDraws, true}, seed)->make(0, kDraws, rows);
    return rows;
  }
  auto target = std::make_unique<const GaussianTarget>(stats, gaussian_priors());
  const Eigen::VectorXd start = target->start(truth);
  return posterior_rows(
      std::make_shared<const MarginalPosterior>(std::move(target), start), seed, false);
}

void rank_gaussian(
    Random& random, int num_groups, std::uint64_t seed, bool chains, Ranks& ranks) {
  const Design design(random, num_groups);
  Eigen::VectorXd truth(5);  // β, τ, σ
  for (Eigen::Index k = 0; k < 3; ++k)
    truth[k] = normal(random, 2.0);
  truth[3] = std::abs(normal(random, 1.0));
  truth[4] = std::exponential_distribution<double>(1.0)(random);
  std::vector<double> u;
  for (int j = 0; j < num_groups; ++j)
    u.push_back(normal(random, truth[3]));
  TwoLevelRows data;
  data.group = design.group;
  data.z.resize(std::ssize(design.x), 4);
  for (std::size_t i = 0; i < design.x.size(); ++i) {
    const double y = truth[0] + truth[1] * design.x[i] + truth[2] * design.w[i] +
                     u[static_cast<std::size_t>(design.group[i])] +
                     normal(random, truth[4]);
    data.z.row(static_cast<Eigen::Index>(i)) << 1.0, design.x[i], design.w[i], y;
  }
  const GroupedStats stats = stats_of(data);
  const ReplicateRows rows = gaussian_rows(stats, truth, seed, chains);
  const auto column = [&](std::int64_t k) {
    std::vector<double> out;
    for (std::int64_t i = 0; i < kDraws; ++i)
      out.push_back(rows.estimate[static_cast<std::size_t>(i * rows.num_estimates + k)]);
    return out;
  };
  const char* const names[] = {"(Intercept)", "x", "w", "tau", "sigma"};
  for (Eigen::Index k = 0; k < 5; ++k)
    ranks.add(names[k], truth[k], column(k));
  ranks.add("u1", u.front(), column(6));
  std::vector<double> means(kDraws, 0.0);
  double mean = 0.0;
  for (int j = 0; j < num_groups; ++j) {
    mean += u[static_cast<std::size_t>(j)];
    const std::vector<double> drawn = column(6 + j);
    for (std::size_t i = 0; i < means.size(); ++i)
      means[i] += drawn[i];
  }
  ranks.add("mean u", mean, means);
  const GaussianTarget target(stats, gaussian_priors());
  const auto worker = target.worker();
  const TargetValue at = target.value(*worker, target.from_reported(truth), {});
  ranks.add("log-likelihood", at.log_likelihood, rows.log_likelihood);
}

void check_gaussian(bool chains) {
  for (const int num_groups : group_counts()) {
    Ranks ranks;
    Random random(static_cast<std::uint64_t>(num_groups) + 5);
    for (int set = 0; set < data_sets(); ++set)
      rank_gaussian(random, num_groups, static_cast<std::uint64_t>(set), chains, ranks);
    BOOST_TEST_CONTEXT(num_groups << " groups") ranks.check();
  }
}

// --- The other families --------------------------------------------------------------------

PriorSet glmm_priors(const GlmmModel& model) {
  PriorSet priors;
  priors.coefficient.assign(static_cast<std::size_t>(model.rows.num_fixed),
                            make_prior(PriorKind::normal, 0.0, 0.7));
  priors.intercept = make_prior(PriorKind::normal, 0.0, 0.7);
  priors.intercept_is_centred = false;
  priors.tau = make_prior(PriorKind::half_normal, 0.7);
  priors.dispersion = make_prior(PriorKind::gamma, 4.0, 2.0);
  if (model.family.has_thresholds())
    priors.threshold.assign(3, make_prior(PriorKind::normal, 0.0, 1.5));
  return priors;
}

/// A model and the x that its responses were drawn at.
struct Simulated {
  std::shared_ptr<const GlmmModel> model;
  Eigen::VectorXd truth;
  std::vector<double> u;
};

Simulated simulate(Random& random, Family family, int num_groups) {
  const Design design(random, num_groups);
  GlmmRows rows;
  rows.group = design.group;
  rows.x1 = design.x;
  rows.x2 = design.w;
  rows.offset.assign(design.x.size(), 0.0);
  rows.trials.assign(design.x.size(), 1.0);
  const bool ordinal = family == Family::ordinal;
  const double b0 = ordinal ? 0.0 : normal(random, 0.7);
  const double b1 = normal(random, 0.7), b2 = normal(random, 0.7);
  const double tau = std::abs(normal(random, 0.7));
  const double theta = std::gamma_distribution<double>(4.0, 0.5)(random);
  // Ordered ones of independent normal ones have their density where they are in order.
  std::array<double, 3> cuts{};
  for (double& cut : cuts)
    cut = normal(random, 1.5);
  std::sort(cuts.begin(), cuts.end());
  Simulated out;
  for (int j = 0; j < num_groups; ++j)
    out.u.push_back(normal(random, tau));
  std::uniform_real_distribution<double> uniform;
  for (std::size_t i = 0; i < design.x.size(); ++i) {
    const double eta = b0 + b1 * design.x[i] + b2 * design.w[i] +
                       out.u[static_cast<std::size_t>(design.group[i])];
    const double chance = uniform(random);
    if (family == Family::binomial) {
      rows.y.push_back(chance < 1.0 / (1.0 + std::exp(-eta)) ? 1.0 : 0.0);
    } else if (ordinal) {
      const double latent = eta + std::log(chance / (1.0 - chance));
      rows.y.push_back((latent > cuts[0]) + (latent > cuts[1]) + (latent > cuts[2]));
    } else {
      const double mean = std::exp(eta);
      const double spread =
          family == Family::negbinomial
              ? std::gamma_distribution<double>(theta, 1.0 / theta)(random)
              : 1.0;
      rows.y.push_back(std::poisson_distribution<int>(mean * spread)(random));
    }
  }
  const std::vector<double> ones(rows.y.size(), 1.0);
  std::vector<const double*> columns = {rows.x1.data(), rows.x2.data()};
  if (!ordinal) columns.insert(columns.begin(), ones.data());
  const Link link = family == Family::binomial || ordinal ? Link::logit : Link::log;
  out.model = std::make_shared<const GlmmModel>(
      glmm_model(packed(rows, columns, Eigen::VectorXd::Zero(std::ssize(columns))),
                 glm_family(family, link, true, 4, highest_simd_level()),
                 !ordinal));
  std::vector<double> x = {b1, b2};
  if (!ordinal) x.insert(x.begin(), b0);
  if (family == Family::negbinomial) x.push_back(std::log(theta));
  if (ordinal) x.insert(x.end(), cuts.begin(), cuts.end());
  x.push_back(std::log(tau));
  out.truth = Eigen::Map<const Eigen::VectorXd>(x.data(), std::ssize(x));
  return out;
}

bool has_all_categories(const GlmmModel& model) {
  std::array<bool, 4> seen{};
  for (std::int64_t row = 0; row < model.rows.num_packs() * kPackRows; ++row) {
    if (model.rows.y[row] >= 0) seen[static_cast<std::size_t>(model.rows.y[row])] = true;
  }
  return seen[0] && seen[1] && seen[2] && seen[3];
}

void rank_glmm(Random& random,
               Family family,
               int num_groups,
               std::uint64_t seed,
               bool slices,
               Ranks& ranks) {
  Simulated data = simulate(random, family, num_groups);
  while (family == Family::ordinal && !has_all_categories(*data.model))
    data = simulate(random, family, num_groups);
  const auto posterior = std::make_shared<const MarginalPosterior>(
      data.model, glmm_priors(*data.model), 15, some_parameters(*data.model, 0.5));
  const ReplicateRows rows = posterior_rows(posterior, seed, slices);
  const auto column = [&](std::int64_t k) {
    std::vector<double> out;
    for (std::int64_t i = 0; i < kDraws; ++i)
      out.push_back(rows.estimate[static_cast<std::size_t>(i * rows.num_estimates + k)]);
    return out;
  };
  const Eigen::VectorXd truth = posterior->target->reported(data.truth);
  const Eigen::Index P = posterior->target->size();
  for (Eigen::Index k = 0; k < P; ++k)
    ranks.add("parameter " + std::to_string(k), truth[k], column(k));
  ranks.add("u1", data.u.front(), column(P + 1));
  ranks.add("last u", data.u.back(), column(P + num_groups));
  const auto worker = posterior->target->worker();
  const AlignedVector<double> modes(static_cast<std::size_t>(num_groups), 0.0);
  const TargetValue at = posterior->target->value(*worker, data.truth, modes);
  BOOST_TEST_REQUIRE(at.finite);
  ranks.add("log-likelihood", at.log_likelihood, rows.log_likelihood);
}

void check_family(Family family, bool slices) {
  for (const int num_groups : group_counts()) {
    Ranks ranks;
    Random random(static_cast<std::uint64_t>(num_groups) + 17);
    for (int set = 0; set < data_sets(); ++set)
      rank_glmm(
          random, family, num_groups, static_cast<std::uint64_t>(set), slices, ranks);
    BOOST_TEST_CONTEXT(num_groups << " groups") ranks.check();
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(gaussian) {
  check_gaussian(false);
}
BOOST_AUTO_TEST_CASE(gaussian_by_chains) {
  check_gaussian(true);
}
BOOST_AUTO_TEST_CASE(binomial) {
  check_family(Family::binomial, false);
}
BOOST_AUTO_TEST_CASE(binomial_by_slices) {
  check_family(Family::binomial, true);
}
BOOST_AUTO_TEST_CASE(poisson) {
  check_family(Family::poisson, false);
}
BOOST_AUTO_TEST_CASE(negbinomial) {
  check_family(Family::negbinomial, false);
}
BOOST_AUTO_TEST_CASE(negbinomial_by_slices) {
  check_family(Family::negbinomial, true);
}
BOOST_AUTO_TEST_CASE(ordinal) {
  check_family(Family::ordinal, false);
}

BOOST_AUTO_TEST_SUITE_END()
