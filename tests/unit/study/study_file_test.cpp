// SPDX-License-Identifier: MIT
#include "engine/study/study_file.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"

namespace merit {
namespace {

BOOST_AUTO_TEST_SUITE(study_file)

const std::string kStudy = R"toml(title = "small"
repetitions = 10
seed = 7
[data]
formula = "y ~ x * w + (1 | school)"
groups = [10, 30]
group_size = { mean = [20, 40], cv = 0.25, min = 5 }
icc = [0.2, 0.5]
sigma = 2
[data.covariates]
x = { kind = "normal", mean = 1, sd = 2 }
w = { kind = "binary", share = 0.3, level = "group" }
z = { kind = "halves" }
[data.coefficients]
"(Intercept)" = 1
x = 0.5
w = [0, 0.25]
"x:w" = -1
[[estimator]]
method = "reml"
df = ["normal", "between-within"]
[[estimator]]
name = "with z"
method = "ml"
formula = "y ~ x + z + (1 | school)"
)toml";

/// kStudy with one line replaced by another.
std::string changed(const std::string& line, const std::string& by) {
  std::string text = kStudy;
  const std::size_t at = text.find(line);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, line.size(), by);
}

/// What reading it complains about.
std::string complaint(const std::string& text, std::int64_t max_tasks = kUsualMaxTasks) {
  try {
    read_study(text, "s.toml", max_tasks);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_CASE(a_file_becomes_a_study) {
  const Study study = read_study(kStudy, "s.toml");
  BOOST_TEST(study.title == "small");
  BOOST_TEST(study.repetitions == 10);
  BOOST_TEST(study.seed == 7U);
  BOOST_TEST(study.response == "y");
  BOOST_TEST(study.group == "school");
  std::vector<std::string> names;
  for (const StudyTerm& term : study.terms)
    names.push_back(term.name);
  const std::vector<std::string> expected = {"(Intercept)", "w", "x", "x:w", "z"};
  std::sort(names.begin(), names.end());
  BOOST_TEST(names == expected, boost::test_tools::per_element());
  BOOST_REQUIRE(study.estimators.size() == 2U);
  BOOST_TEST(study.estimators[0].name == "reml");
  BOOST_TEST(study.estimators[0].terms.size() == 4U);
  BOOST_TEST(study.estimators[1].terms.size() == 3U);
  BOOST_TEST((study.estimators[0].df ==
              std::vector<StudyDf>{StudyDf::normal, StudyDf::between_within}));
}

BOOST_AUTO_TEST_CASE(the_grid_is_every_combination) {
  const Study study = read_study(kStudy, "s.toml");
  const std::vector<std::string> factors = {"groups", "group_size", "icc", "w"};
  BOOST_TEST(study.factors == factors, boost::test_tools::per_element());
  BOOST_REQUIRE(study.num_cells() == 16);
  const StudyCell& first = study.cells.front();
  const StudyCell& second = study.cells[1];
  const StudyCell& last = study.cells.back();
  BOOST_TEST(first.num_groups == 10);
  BOOST_TEST(first.size.mean == 20.0);
  BOOST_TEST(first.size.sd == 5.0);  // cv × mean
  BOOST_TEST(last.size.sd == 10.0);
  BOOST_TEST(first.size.least == 5);
  BOOST_TEST(first.tau == 1.0, boost::test_tools::tolerance(1e-15));  // 2 √(0.2/0.8)
  BOOST_TEST(last.tau == 2.0);                                        // 2 √(0.5/0.5)
  BOOST_TEST(truth(study, first, "w") == 0.0);
  BOOST_TEST(truth(study, second, "w") == 0.25);  // the last factor varies fastest
  BOOST_TEST(second.num_groups == 10);
  BOOST_TEST(last.num_groups == 30);
  BOOST_TEST(truth(study, last, "x:w") == -1.0);
  BOOST_TEST(truth(study, last, "z") == 0.0);  // only an estimator has it
  BOOST_TEST(truth(study, first, kSdObservation) == 2.0);
}

// J = 10, n = 200: intercept, w between; x, x:w within.
BOOST_AUTO_TEST_CASE(degrees_of_freedom_between_and_within) {
  const Study study = read_study(kStudy, "s.toml");
  const auto df = [&](const std::string& name, StudyDf kind) {
    std::size_t term = 0;
    while (study.terms[term].name != name)
      ++term;
    return degrees_of_freedom(study, study.estimators[0], kind, term, 10, 200);
  };
  BOOST_TEST(df("w", StudyDf::between_within) == 8.0);
  BOOST_TEST(df("(Intercept)", StudyDf::between_within) == 8.0);
  BOOST_TEST(df("x", StudyDf::between_within) == 188.0);
  BOOST_TEST(df("x:w", StudyDf::between_within) == 188.0);
  BOOST_TEST(std::isinf(df("w", StudyDf::normal)));
}

BOOST_AUTO_TEST_CASE(estimands_are_those_that_estimators_give) {
  const Study study = read_study(kStudy, "s.toml");
  BOOST_TEST(gives(study, study.estimators[0], "w"));
  BOOST_TEST(!gives(study, study.estimators[1], "w"));
  BOOST_TEST(study.estimands.size() == 7U);  // 5 terms, two standard deviations
  const std::string text = changed("seed = 7", "estimands = [\"w\", \"q\"]");
  const std::string said = complaint(text);
  BOOST_TEST(has(said, "2 problems"));
  BOOST_TEST(has(said, "line 3: no estimator gives 'q'"));
  BOOST_TEST(has(said, "estimator 'with z' does not give the estimand 'w'"));
}

BOOST_AUTO_TEST_CASE(all_problems_are_told_at_once_by_line) {
  std::string text = kStudy;
  for (const auto& [line, by] : std::vector<std::pair<std::string, std::string>>{
           {"repetitions = 10", "repetitions = 0"},
           {"groups = [10, 30]", "grups = [10, 30]"},
           {"icc = [0.2, 0.5]", "icc = [0.2, 1.0]"},
           {"method = \"ml\"", "method = \"rmel\""},
           {"x = 0.5", ""}}) {
    text.replace(text.find(line), line.size(), by);
  }
  const std::string said = complaint(text);
  BOOST_TEST(has(said, "s.toml: 6 problems"));
  BOOST_TEST(has(said, "line 2: repetitions = 0: give a whole number from 1"));
  BOOST_TEST(has(said, "line 6: [data] has no key 'grups', did you mean 'groups'?"));
  BOOST_TEST(has(said, "[data] lacks groups"));
  BOOST_TEST(has(said, "line 8: icc = 1: give a number from 0 and below 1"));
  BOOST_TEST(has(said, "lacks \"x\""));
  BOOST_TEST(has(
      said,
      "method = 'rmel': not one of reml, ml, pooled, fixed-effects, posterior, did you "
      "mean 'reml'?"));
}

BOOST_AUTO_TEST_CASE(impossible_studies) {
  struct Case {
    std::string line, by, mention;
  };
  const std::vector<Case> cases = {
      {"groups = [10, 30]",
       "groups = 1",
       "line 6: groups = 1: give a whole number from 2"},
      {"groups = [10, 30]", "groups = [10, 10]", "groups has 10 twice"},
      {"groups = [10, 30]", "groups = []", "the list is empty"},
      {"groups = [10, 30]", "groups = 2", "2 terms vary between groups alone"},
      {"icc = [0.2, 0.5]", "icc = -0.1", "from 0 and below 1"},
      {"icc = [0.2, 0.5]", "icc = nan", "from 0 and below 1"},
      {"icc = [0.2, 0.5]", "icc = 0.1\ntau = 1", "tau is given too"},
      {"sigma = 2", "sigma = 0", "above 0"},
      {"sigma = 2", "prevalence = 0.2", "goes with family = \"binomial\""},
      {"cv = 0.25", "cv = 0.25, sd = 4", "give either sd or cv"},
      {"share = 0.3", "share = 1", "share = 1: give a number above 0 and below 1"},
      {"share = 0.3", "sd = 1", "goes with kind = \"normal\""},
      {"x = 0.5", "x = 0.5\nq = 1", "[data.coefficients] has no key 'q'"},
      {"x * w +", "x * log(w) +", "not log(w)"},
      {"x * w +", "x * v +", "[data.covariates] has no 'v'"},
      {"x * w +", "0 + x * w +", "have an intercept"},
      {"(1 | school)\"\ngroups", "(x | school)\"\ngroups", "random slope"},
      {"name = \"with z\"", "name = \"reml\"", "two estimators are called 'reml'"},
      {"formula = \"y ~ x + z", "formula = \"q ~ x + z", "have the response y"},
      {"df = [\"normal\",", "df = [\"nromal\",", "df = 'nromal'"},
      {"seed = 7", "seed = -1", "seed = -1: give a whole number from 0"},
      {"[[estimator]]\nmethod", "[estimator]\nmethod", "not TOML"},
      {"title = \"small\"", "title = \"small", "line 1: not TOML"},
      {"title = \"small\"", "title = 5", "give text in quotes"},
  };
  for (const Case& wrong : cases) {
    const std::string said = complaint(changed(wrong.line, wrong.by));
    BOOST_TEST(has(said, wrong.mention), wrong.by << " -> " << said);
  }
}

BOOST_AUTO_TEST_CASE(too_many_tasks) {
  BOOST_TEST(complaint(kStudy, 160).empty());
  BOOST_TEST(
      has(complaint(kStudy, 159),
          "16 cells × 10 repetitions are 160 data sets, more than --max-tasks 159"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace merit
