// SPDX-License-Identifier: MIT
//
// Expected values: fit_quasi on data sets that are put together here, row by row, from the
// same draws.
#include "engine/resample/quasi_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/random/stream.hpp"
#include "engine/resample/simulate.hpp"
#include "tests/support/glmm_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(quasi_bootstrap)

namespace {

constexpr std::uint64_t kSeed = 5;
constexpr std::int64_t kReplicates = 12;
const QuasiSchemeOptions kOptions{.fit = {},
                                  .scheme = {.seed = kSeed, .simd = SimdLevel::v2}};

GlmmRows data_of(Family family) {
  return made_up_rows(family, 24, 31, family == Family::binomial);
}

/// Numbers of the rows of each group.
std::vector<std::vector<std::size_t>> rows_by_group(const GlmmRows& rows) {
  std::vector<std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < rows.group.size(); ++i) {
    out.resize(static_cast<std::size_t>(rows.group[i]) + 1);
    out.back().push_back(i);
  }
  return out;
}

void append(const GlmmRows& from, std::size_t row, double group, GlmmRows& to) {
  to.group.push_back(group);
  to.x1.push_back(from.x1[row]);
  to.x2.push_back(from.x2[row]);
  to.offset.push_back(from.offset[row]);
  to.trials.push_back(from.trials[row]);
  to.y.push_back(from.y[row]);
}

/// Compares row `at` with the fit of `rows`. Groups lie in another order in memory: rounding
/// differs.
void check_row(const ReplicateRows& made,
               std::int64_t at,
               const GlmmRows& rows,
               Family family,
               const std::string& what) {
  BOOST_TEST_CONTEXT(what << ", row " << at) {
    const GlmmModel model = model_of(rows, family, links_of(family).front());
    const FitResult expected = fit_quasi(model, kOptions.fit, SimdLevel::v2).result;
    BOOST_TEST_REQUIRE(expected.converged);
    BOOST_TEST(made.status[static_cast<std::size_t>(at)] ==
               static_cast<std::uint8_t>(expected.on_boundary ? ReplicateStatus::boundary
                                                              : ReplicateStatus::ok));
    const double* estimate = made.estimate.data() + at * made.num_estimates;
    for (Eigen::Index a = 0; a < expected.beta.size(); ++a) {
      BOOST_TEST(estimate[a] == expected.beta[a], boost::test_tools::tolerance(1e-8));
      if (made.num_std_errors == 0) continue;
      BOOST_TEST(made.std_error[static_cast<std::size_t>(at * made.num_std_errors + a)] ==
                     std::sqrt(expected.vcov(a, a)),
                 boost::test_tools::tolerance(1e-8));
    }
    const double* sds = estimate + expected.beta.size();
    BOOST_TEST(sds[0] == expected.tau, boost::test_tools::tolerance(1e-7));
    BOOST_TEST(sds[1] == expected.sigma, boost::test_tools::tolerance(1e-8));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(replicates_are_fits_of_the_drawn_data) {
  for (const Family family : {Family::binomial, Family::poisson}) {
    const GlmmRows rows = data_of(family);
    const auto groups = rows_by_group(rows);
    const auto J = std::ssize(groups);
    const auto model = std::make_shared<const GlmmModel>(
        model_of(rows, family, links_of(family).front()));
    for (const ResampleUnit unit :
         {ResampleUnit::groups, ResampleUnit::rows, ResampleUnit::both}) {
      ReplicateRows made;
      quasi_cases_bootstrap(model, unit, kOptions)->make(0, kReplicates, made);
      for (std::int64_t r = 0; r < kReplicates; ++r) {
        Stream which(kSeed, Purpose::group_bootstrap, r);
        Stream within(kSeed, Purpose::row_bootstrap, r);
        GlmmRows drawn;
        for (std::int64_t slot = 0; slot < J; ++slot) {
          const auto j = unit == ResampleUnit::rows ? slot : which.index(J);
          const auto& members = groups[static_cast<std::size_t>(j)];
          for (const std::size_t member : members) {
            const std::size_t row = unit == ResampleUnit::groups
                                        ? member
                                        : members[static_cast<std::size_t>(
                                              within.index(std::ssize(members)))];
            append(rows, row, static_cast<double>(slot), drawn);
          }
        }
        check_row(
            made, r, drawn, family, "unit " + std::to_string(static_cast<int>(unit)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(parametric_replicates_are_fits_of_simulated_responses) {
  for (const Family family : {Family::binomial, Family::poisson}) {
    GlmmRows rows = data_of(family);
    const auto model = std::make_shared<const GlmmModel>(
        model_of(rows, family, links_of(family).front()));
    const GlmmFit fit = fit_quasi(*model, kOptions.fit, SimdLevel::v2);
    ReplicateRows made;
    quasi_parametric_bootstrap(model, fit, kOptions)->make(0, kReplicates, made);
    const ResponseSimulator simulator(*model, fit.psi, SimdLevel::v2);
    ResponseSimulator::Workspace work;
    AlignedVector<std::int32_t> y;
    for (std::int64_t r = 0; r < kReplicates; ++r) {
      BOOST_TEST_REQUIRE(simulator.draw(kSeed, r, work, y));
      // made_up_rows has its groups one behind the other, as the packs have.
      std::int64_t place = 0;
      for (std::size_t i = 0; i < rows.y.size(); ++i) {
        const bool new_group = i == 0 || rows.group[i] != rows.group[i - 1];
        if (new_group)
          place = model->rows.first_row(static_cast<std::int64_t>(rows.group[i]));
        rows.y[i] = y[static_cast<std::size_t>(place++)];
      }
      check_row(made, r, rows, family, "parametric");
    }
  }
}

BOOST_AUTO_TEST_CASE(fits_without_one_group) {
  const Family family = Family::poisson;
  const GlmmRows rows = data_of(family);
  const auto groups = rows_by_group(rows);
  const auto model =
      std::make_shared<const GlmmModel>(model_of(rows, family, links_of(family).front()));
  ReplicateRows made;
  quasi_delete_one_group(model, kOptions)->make(0, std::ssize(groups), made);
  for (std::int64_t left_out = 0; left_out < std::ssize(groups); ++left_out) {
    GlmmRows others;
    for (std::size_t i = 0; i < rows.y.size(); ++i) {
      if (rows.group[i] != static_cast<double>(left_out))
        append(rows, i, rows.group[i], others);
    }
    check_row(made, left_out, others, family, "without group");
  }
}

BOOST_AUTO_TEST_CASE(a_response_that_does_not_vary_is_a_row_with_a_status) {
  GlmmRows rows = data_of(Family::binomial);
  std::fill(rows.y.begin(), rows.y.end(), 0.0);
  rows.y.front() = 1.0;  // in one group, which many replicates do not draw
  const auto model =
      std::make_shared<const GlmmModel>(model_of(rows, Family::binomial, Link::logit));
  ReplicateRows made;
  quasi_cases_bootstrap(model, ResampleUnit::groups, kOptions)->make(0, 40, made);
  const auto degenerate =
      std::count(made.status.begin(),
                 made.status.end(),
                 static_cast<std::uint8_t>(ReplicateStatus::degenerate));
  BOOST_TEST(degenerate > 5);  // expected (1 − 1/24)^24 of 40: 14
  BOOST_TEST(degenerate < 25);
}

BOOST_AUTO_TEST_SUITE_END()
