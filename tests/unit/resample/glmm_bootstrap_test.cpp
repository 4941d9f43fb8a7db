// SPDX-License-Identifier: MIT
#include "engine/resample/glmm_bootstrap.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/glmm_rows.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(glmm_bootstrap)

namespace {

/// Groups that hardly differ, so that many replicates end at τ = 0 or near it.
GlmmModel nearly_alike(Family family) {
  GlmmRows rows = made_up_rows(family, 24, 31, false);
  std::mt19937_64 random(7);
  for (double& group : rows.group)
    group = static_cast<double>(random() % 24);
  return model_of(rows, family, links_of(family).front());
}

std::unique_ptr<Scheme> scheme_of(const std::string& kind,
                                  const std::shared_ptr<const GlmmModel>& model,
                                  const GlmmFit& fit) {
  const SchemeOptions options{.seed = 5, .keep_std_errors = true, .simd = SimdLevel::v2};
  if (kind == "parametric") return glmm_parametric_bootstrap(model, fit, options);
  if (kind == "groups") return glmm_group_bootstrap(model, fit, options);
  return glmm_row_bootstrap(
      model, kind == "rows" ? ResampleUnit::rows : ResampleUnit::both, fit, options);
}

bool same_bits(const double* a, const double* b, std::int64_t count) {
  return std::memcmp(a, b, static_cast<std::size_t>(count) * sizeof(double)) == 0;
}

}  // namespace

// A worker keeps its memory between replicates: nothing of one may be seen by the next.
BOOST_AUTO_TEST_CASE(a_replicate_does_not_depend_on_those_made_before_it) {
  constexpr std::int64_t kReplicates = 60;
  for (const Family family : {Family::binomial, Family::negbinomial, Family::ordinal}) {
    const auto model = std::make_shared<const GlmmModel>(nearly_alike(family));
    const GlmmFit fit = fit_glmm(*model);
    for (const std::string kind : {"parametric", "groups", "rows", "both"}) {
      ReplicateRows together, alone;
      scheme_of(kind, model, fit)->make(0, kReplicates, together);
      std::int64_t on_boundary = 0;
      for (std::int64_t r = 0; r < kReplicates; ++r) {
        const auto at = static_cast<std::size_t>(r);
        on_boundary +=
            together.status[at] == static_cast<std::uint8_t>(ReplicateStatus::boundary);
        scheme_of(kind, model, fit)->make(r, 1, alone);
        BOOST_TEST(alone.status[0] == together.status[at], kind << ", replicate " << r);
        BOOST_TEST(same_bits(alone.estimate.data(),
                             together.estimate.data() + r * together.num_estimates,
                             together.num_estimates),
                   kind << ", replicate " << r);
        BOOST_TEST(same_bits(alone.std_error.data(),
                             together.std_error.data() + r * together.num_std_errors,
                             together.num_std_errors),
                   kind << ", replicate " << r);
      }
      BOOST_TEST_MESSAGE(kind << ": " << on_boundary << " on the boundary");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
