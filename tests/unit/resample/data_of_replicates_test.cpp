// SPDX-License-Identifier: MIT
//
// Scheme::data against Scheme::make, which has tests of its own against literal transcriptions of
// the papers: a replicate's data, fitted as data of a user would be, give the replicate's row.
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/quasi_likelihood.hpp"
#include "engine/resample/cases.hpp"
#include "engine/resample/glmm_bootstrap.hpp"
#include "engine/resample/parametric.hpp"
#include "engine/resample/quasi_bootstrap.hpp"
#include "engine/resample/residual.hpp"
#include "engine/resample/transformation.hpp"
#include "tests/support/glmm_rows.hpp"
#include "tests/support/same_rows.hpp"
#include "tests/support/two_level_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(data_of_replicates)

namespace {

constexpr std::int64_t kFirst = 5, kCount = 6;
const SchemeOptions kOptions{.seed = 3, .simd = SimdLevel::v2};

/// Compares rows kFirst … with fits of the replicates' data. @param tolerance  in standard errors
void check(const std::string& name,
           const Scheme& scheme,
           double tolerance,
           const std::function<FitResult(const ReplicateData&)>& fit) {
  const ReplicateRows rows = make(scheme, kFirst, kCount);
  int compared = 0;
  for (std::int64_t r = 0; r < kCount; ++r) {
    if (!has_estimate(rows.status[static_cast<std::size_t>(r)])) continue;
    const auto data = scheme.data(kFirst + r);
    BOOST_REQUIRE_MESSAGE(data.has_value(), name);
    const FitResult found = fit(*data);
    const double* const estimate = rows.estimate.data() + r * rows.num_estimates;
    const double* const error = rows.std_error.data() + r * rows.num_std_errors;
    const Eigen::Index p = found.beta.size();
    for (Eigen::Index k = 0; k < p; ++k) {
      BOOST_TEST(std::abs(found.beta[k] - estimate[k]) < tolerance * error[k],
                 name << ", replicate " << r << ", coefficient " << k);
    }
    BOOST_TEST(std::abs(found.tau - estimate[p]) < tolerance * found.tau + 1e-12, name);
    const double log_likelihood = rows.log_likelihood[static_cast<std::size_t>(r)];
    if (!std::isnan(log_likelihood)) {  // of a quasi-likelihood there is none
      BOOST_TEST(
          std::abs(found.log_likelihood - log_likelihood) < tolerance * tolerance + 1e-7,
          name << ", replicate " << r << ": " << found.log_likelihood << ", "
               << found.log_likelihood - log_likelihood);
    }
    ++compared;
  }
  BOOST_TEST(compared > 2, name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(gaussian_replicates_are_fits_of_their_data) {
  for (const bool has_intercept : {true, false}) {
    const TwoLevelRows given = random_rows({.sizes = {9, 4, 12, 7, 15, 3, 11, 8},
                                            .person_columns = 2,
                                            .group_columns = has_intercept ? 1 : 0,
                                            .has_intercept = has_intercept},
                                           21);
    const auto rows = std::make_shared<const GroupRows>(group_rows(given.z, given.group));
    const GroupedStats stats = stats_of(given);
    const FitResult fit = fit_gaussian(stats);
    const auto agree = [](const std::string& name, std::unique_ptr<Scheme> scheme) {
      check(name, *scheme, 1e-7, [](const ReplicateData& data) {
        return fit_gaussian(data.stats);
      });
    };
    agree("residual", residual_bootstrap(stats, *rows, fit, kOptions));
    agree("reb 0", reb_bootstrap(stats, *rows, fit, RebType::raw, kOptions));
    agree("reb 1", reb_bootstrap(stats, *rows, fit, RebType::scaled, kOptions));
    agree("wild",
          wild_bootstrap(stats, *rows, fit, WildHc::hc3, WildWeights::mammen, kOptions));
    agree("transformation", transformation_bootstrap(stats, *rows, fit, kOptions));
    const std::vector<std::int32_t> stratum = {0, 1, 0, 1, 1, 0, 0, 1};
    agree("groups", group_bootstrap(stats, fit, kOptions));
    agree("groups in strata", group_bootstrap(stats, fit, kOptions, stratum));
    agree("rows", row_bootstrap(stats, rows, ResampleUnit::rows, fit, kOptions));
    agree("both", row_bootstrap(stats, rows, ResampleUnit::both, fit, kOptions, stratum));
    BOOST_TEST(!parametric_bootstrap(stats, fit, kOptions)->data(0));
  }
}

// Replicates are refitted from the original's estimates, to a tolerance of theirs.
BOOST_AUTO_TEST_CASE(replicates_of_other_families_are_fits_of_their_data) {
  for (const Family family : {Family::binomial, Family::negbinomial, Family::ordinal}) {
    const auto model = std::make_shared<const GlmmModel>(
        model_of(made_up_rows(family, 20, 12, family == Family::binomial),
                 family,
                 links_of(family).front()));
    const GlmmFit fit = fit_glmm(*model);
    const auto agree = [](const std::string& name, std::unique_ptr<Scheme> scheme) {
      check(name, *scheme, 1e-4, [](const ReplicateData& data) {
        return fit_glmm(*data.glmm).result;
      });
    };
    agree("groups", glmm_group_bootstrap(model, fit, kOptions));
    agree("rows", glmm_row_bootstrap(model, ResampleUnit::rows, fit, kOptions));
    agree("both", glmm_row_bootstrap(model, ResampleUnit::both, fit, kOptions));
    agree("parametric", glmm_parametric_bootstrap(model, fit, kOptions));
  }
}

BOOST_AUTO_TEST_CASE(quasi_likelihood_replicates_are_fits_of_their_data) {
  const auto model = std::make_shared<const GlmmModel>(model_of(
      made_up_rows(Family::binomial, 20, 12, true), Family::binomial, Link::logit));
  const QuasiOptions quasi;
  const GlmmFit fit = fit_quasi(*model, quasi, SimdLevel::v2);
  const QuasiSchemeOptions options{.fit = quasi, .scheme = kOptions};
  const auto agree = [&](const std::string& name, std::unique_ptr<Scheme> scheme) {
    check(name, *scheme, 1e-7, [&](const ReplicateData& data) {
      return fit_quasi(*data.glmm, quasi, SimdLevel::v2).result;
    });
  };
  agree("parametric", quasi_parametric_bootstrap(model, fit, options));
  agree("both", quasi_cases_bootstrap(model, ResampleUnit::both, options));
}

BOOST_AUTO_TEST_SUITE_END()
