// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <boost/math/distributions/students_t.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/posterior/independence_sampler.hpp"
#include "engine/posterior/slice_sampler.hpp"
#include "tests/support/glmm_rows.hpp"

using namespace merit;
using namespace merit::testing;

// Geweke's joint test (Geweke 2004, Journal of the American Statistical Association 99(467)): two
// simulators of the joint distribution of parameters, group intercepts and data.
//
//   marginal-conditional     θ from the prior, u given θ, y given θ and u: independent, and merit
//                            has no part in it
//   successive-conditional   (θ, u) moved by one transition of merit's chain given y, then y anew
//                            given θ and u; again and again
//
// If the chain leaves p(θ, u | y) invariant, means of all functions of (θ, u, y) agree. Unlike the
// calibration of draws (posterior_calibration_test.cpp) it needs no chain to converge: a
// transition that is wrong, however little, moves the second simulator away from the first step by
// step. Here many short chains begin in the joint distribution, so that their averages are
// independent and need no estimate of autocorrelation: a t test of each function, of the chains'
// averages against the mean of the first simulator.
//
// Tried with what must fail: a slice whose level is drawn at half its depth, a proposal accepted
// with the ratio of the densities in the place of the weights', and intercepts of 0.8 times their
// size are found by two functions or more. The seeds are fixed.
// MERIT_LONG_TESTS=1 in the environment: chains of ten times the length.
BOOST_AUTO_TEST_SUITE(joint_distribution)

namespace {

constexpr double kFalseAlarm = 1e-5;  // of each of 2 × 16 tests, were seeds not fixed
constexpr int kChains = 100;
constexpr int kGroups = 4;
constexpr int kRowsOfGroup = 5;
constexpr int kIndependent = 200'000;

/// Of a chain.
int steps(int by_default) {
  const char* set = std::getenv("MERIT_LONG_TESTS");
  return set != nullptr && std::string(set) == "1" ? 10 * by_default : by_default;
}

using Random = std::mt19937_64;

double normal(Random& random, double sd) {
  return std::normal_distribution<double>(0.0, sd)(random);
}

/// A point of the joint distribution.
struct State {
  double b0 = 0.0, b1 = 0.0, tau = 0.0;
  std::array<double, kGroups> u{};
  std::array<double, kGroups * kRowsOfGroup> y{};
};

/// The covariate of row i: between −1 and 1, with different means in the groups.
double x_of(int row) {
  return std::cos(1.7 * row) - 0.1 * (row / kRowsOfGroup);
}

void draw_responses(Random& random, State& state) {
  std::uniform_real_distribution<double> uniform;
  for (int i = 0; i < kGroups * kRowsOfGroup; ++i) {
    const double eta = state.b0 + state.b1 * x_of(i) +
                       state.u[static_cast<std::size_t>(i / kRowsOfGroup)];
    state.y[static_cast<std::size_t>(i)] =
        uniform(random) < 1.0 / (1.0 + std::exp(-eta)) ? 1.0 : 0.0;
  }
}

PriorSet priors() {
  PriorSet out;
  out.coefficient.assign(2, make_prior(PriorKind::normal, 0.0, 1.0));
  out.intercept = make_prior(PriorKind::normal, 0.0, 0.7);
  out.intercept_is_centred = false;
  out.tau = make_prior(PriorKind::half_normal, 0.8);
  return out;
}

/// From the priors above, and the model.
State draw_jointly(Random& random) {
  State state;
  state.b0 = normal(random, 0.7);
  state.b1 = normal(random, 1.0);
  state.tau = std::abs(normal(random, 0.8));
  for (double& u : state.u)
    u = normal(random, state.tau);
  draw_responses(random, state);
  return state;
}

std::shared_ptr<const MarginalPosterior> posterior_given(const State& state) {
  GlmmRows rows;
  for (int i = 0; i < kGroups * kRowsOfGroup; ++i) {
    rows.group.push_back(i / kRowsOfGroup);
    rows.x1.push_back(x_of(i));
    rows.y.push_back(state.y[static_cast<std::size_t>(i)]);
  }
  rows.offset.assign(rows.y.size(), 0.0);
  rows.trials.assign(rows.y.size(), 1.0);
  const std::vector<double> ones(rows.y.size(), 1.0);
  const auto model = std::make_shared<const GlmmModel>(
      glmm_model(packed(rows, {ones.data(), rows.x1.data()}, Eigen::VectorXd::Zero(2)),
                 glm_family(Family::binomial, Link::logit, true, 0, highest_simd_level()),
                 true));
  // Where the search for the mode begins may depend on the data alone.
  return std::make_shared<const MarginalPosterior>(
      model, priors(), 7, some_parameters(*model, 0.5));
}

std::vector<double> row_of(const State& state) {
  std::vector<double> row = {state.b0, state.b1, state.tau, 0.0};
  row.insert(row.end(), state.u.begin(), state.u.end());
  return row;
}

void take_row(const double* row, State& state) {
  state.b0 = row[0];
  state.b1 = row[1];
  state.tau = row[2];
  std::copy_n(row + 4, kGroups, state.u.begin());
}

/// One transition given the data. @param number  of the step: another for each
using Transition = std::function<void(std::int64_t number, State& state)>;

void move_by_slices(std::int64_t number, State& state) {
  const DrawShape shape{1, 2, true};
  const SliceSampler sampler(
      posterior_given(state), shape, 0, static_cast<std::uint64_t>(number));
  ReplicateRows rows;
  sampler.advance(1, 1, row_of(state).data(), rows);
  take_row(rows.estimate.data(), state);
}

/// The chain is where it is by a first proposal, which is always taken.
void move_by_proposal(std::int64_t number, State& state) {
  const auto posterior = posterior_given(state);
  const IndependenceSampler sampler(
      posterior, {1, 2, true}, 0, static_cast<std::uint64_t>(number));
  ReplicateRows proposals, draws;
  sampler.propose(0, 2, proposals);
  std::vector<double> here = row_of(state);
  TauLadder ladder = posterior->ladder;
  ladder.widen(sampler.proposal_width().degrees, sampler.proposal_width().factor);
  const Eigen::VectorXd x = posterior->target->from_reported(
      Eigen::Map<const Eigen::VectorXd>(here.data(), posterior->target->size()));
  const auto worker = posterior->target->worker();
  const TargetValue at =
      posterior->target->value(*worker, x, ladder.group_modes(x[x.size() - 1]));
  BOOST_TEST_REQUIRE(at.finite);
  here.push_back(at.log_density - ladder.log_density(x));
  std::copy(here.begin(), here.end(), proposals.estimate.begin());
  ChainScan(sampler, {}).accept(0, 2, proposals, draws);
  take_row(draws.estimate.data() + sampler.width(), state);
}

struct Function {
  const char* name;
  double (*value)(const State& state);
};

double events(const State& state, int first, int count) {
  double sum = 0.0;
  for (int i = first; i < first + count; ++i)
    sum += state.y[static_cast<std::size_t>(i)];
  return sum;
}

double slope_score(const State& state) {
  double sum = 0.0;
  for (int i = 0; i < kGroups * kRowsOfGroup; ++i)
    sum += x_of(i) * state.y[static_cast<std::size_t>(i)];
  return sum;
}

constexpr Function kFunctions[] = {
    {"b0", [](const State& s) { return s.b0; }},
    {"b1", [](const State& s) { return s.b1; }},
    {"tau", [](const State& s) { return s.tau; }},
    {"b0^2", [](const State& s) { return s.b0 * s.b0; }},
    {"b1^2", [](const State& s) { return s.b1 * s.b1; }},
    {"tau^2", [](const State& s) { return s.tau * s.tau; }},
    {"b0 tau", [](const State& s) { return s.b0 * s.tau; }},
    {"u1", [](const State& s) { return s.u[0]; }},
    {"u1^2", [](const State& s) { return s.u[0] * s.u[0]; }},
    {"u1 u2", [](const State& s) { return s.u[0] * s.u[1]; }},
    {"tau |u4|", [](const State& s) { return s.tau * std::abs(s.u[3]); }},
    {"events", [](const State& s) { return events(s, 0, kGroups * kRowsOfGroup); }},
    {"events^2",
     [](const State& s) { return std::pow(events(s, 0, kGroups * kRowsOfGroup), 2); }},
    {"b0 events",
     [](const State& s) { return s.b0 * events(s, 0, kGroups * kRowsOfGroup); }},
    {"b1 x'y", [](const State& s) { return s.b1 * slope_score(s); }},
    {"u1 events of group 1",
     [](const State& s) { return s.u[0] * events(s, 0, kRowsOfGroup); }}};
constexpr std::size_t kCount = std::size(kFunctions);

struct Moments {
  double n = 0.0, sum = 0.0, squares = 0.0;
  void add(double value) {
    n += 1.0;
    sum += value;
    squares += value * value;
  }
  double mean() const { return sum / n; }
  double error_squared() const { return (squares / n - mean() * mean()) / (n - 1.0); }
};

void compare(const Transition& move, int length) {
  Random random(11);
  std::array<Moments, kCount> independent, chains;
  for (int i = 0; i < kIndependent; ++i) {
    const State state = draw_jointly(random);
    for (std::size_t f = 0; f < kCount; ++f)
      independent[f].add(kFunctions[f].value(state));
  }
  std::int64_t number = 0;
  for (int chain = 0; chain < kChains; ++chain) {
    State state = draw_jointly(random);
    std::array<double, kCount> sum{};
    for (int step = 0; step < length; ++step) {
      move(++number, state);
      draw_responses(random, state);
      for (std::size_t f = 0; f < kCount; ++f)
        sum[f] += kFunctions[f].value(state);
    }
    for (std::size_t f = 0; f < kCount; ++f)
      chains[f].add(sum[f] / length);
  }
  const double furthest = boost::math::quantile(
      boost::math::complement(boost::math::students_t(kChains - 1.0), 0.5 * kFalseAlarm));
  for (std::size_t f = 0; f < kCount; ++f) {
    const double error =
        std::sqrt(chains[f].error_squared() + independent[f].error_squared());
    const double t = (chains[f].mean() - independent[f].mean()) / error;
    BOOST_TEST(std::abs(t) < furthest, kFunctions[f].name << ": t " << t);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(slices) {
  compare(move_by_slices, steps(20));
}
BOOST_AUTO_TEST_CASE(independent_proposals) {
  compare(move_by_proposal, steps(12));
}

BOOST_AUTO_TEST_SUITE_END()
