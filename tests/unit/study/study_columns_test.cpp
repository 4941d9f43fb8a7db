// SPDX-License-Identifier: MIT
#include "engine/study/study_columns.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/study/study_file.hpp"

namespace merit {
namespace {

BOOST_AUTO_TEST_SUITE(study_columns)

Study study_with(const std::string& estimators) {
  return read_study(R"toml(
repetitions = 3
[data]
formula = "y ~ x + (1 | g)"
groups = 9
group_size = 4
icc = 0.2
[data.covariates]
x = { kind = "normal" }
[data.coefficients]
"(Intercept)" = -1
x = 0.5
)toml" + estimators,
                    "s");
}

// The layout that io/FORMAT.md and study_columns.hpp state, by name.
BOOST_AUTO_TEST_CASE(names_stand_where_the_places_are) {
  const Study study = study_with(R"toml([[estimator]]
df = ["kr", "profile"]
bootstrap = { replicates = 9, intervals = ["perc", "bca"] }
[[estimator]]
prior = "brms"
)toml");
  const StudyColumns columns(study);
  const std::vector<std::string> names = columns.names();
  BOOST_TEST(columns.num_with_error() == std::ssize(names));
  const auto at = [&](std::int64_t place) {
    return names.at(static_cast<std::size_t>(place));
  };
  BOOST_TEST(at(columns.place(1, StudyDf::normal)) == "x");
  BOOST_TEST(at(columns.place(1, StudyDf::kenward_roger)) == "df[kr][x]");
  BOOST_TEST(at(columns.spread(0)) == "draws[(Intercept)]");
  BOOST_TEST(at(columns.spread(columns.tau_parameter())) == "draws[sd__(Intercept)]");
  for (const StudyDf way :
       {StudyDf::profile, StudyDf::perc, StudyDf::bca, StudyDf::eti}) {
    const std::string prefix = "interval[" + std::string(name(way)) + "]";
    BOOST_TEST(at(columns.interval(1, way)) == prefix + "[x]");
    BOOST_TEST(at(columns.interval(columns.sigma_parameter(), way)) ==
               prefix + "[sd__Observation]");
  }
  BOOST_TEST(std::set(names.begin(), names.end()).size() == names.size());
  BOOST_TEST(columns.tau() == std::ssize(names));
}

BOOST_AUTO_TEST_CASE(wald_ways_alone_keep_no_intervals) {
  const Study study = study_with("[[estimator]]\ndf = [\"normal\", \"kr\"]\n");
  BOOST_TEST(!study.keeps_intervals());
  BOOST_TEST(StudyColumns(study).num_with_error() == 4);
}

// A variance has the squares of a standard deviation's ends, where these are respected.
BOOST_AUTO_TEST_CASE(ways_that_reach_an_estimand) {
  const Study study = study_with(R"toml([[estimator]]
df = ["kr", "profile"]
bootstrap = { replicates = 9, intervals = ["perc", "norm", "basic"] }
)toml");
  const StudyEstimator& estimator = study.estimators.front();
  const std::vector<StudyDf> sd = {
      StudyDf::profile, StudyDf::perc, StudyDf::norm, StudyDf::basic};
  BOOST_TEST((ways_to(estimator, kSdIntercept) == sd));
  BOOST_TEST((ways_to(estimator, kVarIntercept) ==
              std::vector<StudyDf>{StudyDf::profile, StudyDf::perc}));
  BOOST_TEST(ways_to(estimator, "x").size() == 5U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace merit
