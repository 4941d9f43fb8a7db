// SPDX-License-Identifier: MIT
#include "engine/cli/same_job.hpp"

#include <boost/test/unit_test.hpp>

using namespace merit;

BOOST_AUTO_TEST_SUITE(same_job)

BOOST_AUTO_TEST_CASE(same_jobs_have_no_lines) {
  const JobDescription job = {{"digest", "a"}, {"seed", "1"}, {"drop_collinear", false}};
  BOOST_TEST(difference_lines(job, job).empty());
}

// The options, as merit --help shows them, have hyphens.
BOOST_AUTO_TEST_CASE(remedies_name_options_that_exist) {
  const JobDescription stored = {{"type", "wild"},
                                 {"wild_hc", std::int64_t{2}},
                                 {"wild_weights", "webb"},
                                 {"where", ""},
                                 {"drop_collinear", true}};
  const JobDescription given = {{"type", "wild"},
                                {"wild_hc", std::int64_t{3}},
                                {"wild_weights", "mammen"},
                                {"where", "x > 0"},
                                {"drop_collinear", false}};
  BOOST_TEST(difference_lines(stored, given) ==
             "\n  wild_hc: stored 2, given 3 (--wild-hc 2)"
             "\n  wild_weights: stored webb, given mammen (--wild-weights webb)"
             "\n  where: stored none, given 'x > 0' (without --where)"
             "\n  drop_collinear: stored true, given false (--drop-collinear)");
}

BOOST_AUTO_TEST_CASE(what_follows_is_not_told) {
  const JobDescription stored = {{"digest", "a"},
                                 {"formula", "y ~ x + (1 | g)"},
                                 {"method", "laplace"},
                                 {"type", "parametric"},
                                 {"block_rows", std::int64_t{8}}};
  JobDescription given = {{"digest", "b"},
                          {"formula", "y ~ (1 | g)"},
                          {"method", "agq"},
                          {"nagq", "7"},
                          {"type", "wild"},
                          {"wild_hc", std::int64_t{3}},
                          {"block_rows", std::int64_t{16}}};
  BOOST_TEST(
      difference_lines(stored, given) ==
      "\n  formula: stored 'y ~ x + (1 | g)', given 'y ~ (1 | g)' (give the stored "
      "one)"
      "\n  method: stored laplace, given agq (--method laplace)"
      "\n  type: stored parametric, given wild (--type parametric)");
  // Alone it is what has changed.
  given = stored;
  given[0].second = "b";
  given[4].second = std::int64_t{16};
  BOOST_TEST(
      difference_lines(stored, given) ==
      "\n  digest: stored a, given b (the data have changed: use the snapshot as it "
      "was)");
  // What the stored job has and the given one lacks is told: it is an option to give.
  given = {{"method", "laplace"}};
  BOOST_TEST(difference_lines({{"method", "agq"}, {"nagq", "9"}}, given) ==
             "\n  method: stored agq, given laplace (--method agq)"
             "\n  nagq: stored 9, given none (--nagq 9)");
}

BOOST_AUTO_TEST_CASE(another_version_is_refused) {
  BOOST_TEST(
      difference_lines({{"results_version", std::int64_t{1}}},
                       {{"results_version", std::int64_t{2}}}) ==
      "\n  results_version: stored 1, given 2 (another version of merit: use the one "
      "that began)");
}

BOOST_AUTO_TEST_CASE(a_study_is_a_file) {
  const JobDescription stored = {
      {"study", "abc"}, {"repetitions", std::int64_t{40}}, {"seed", "1"}};
  JobDescription given = {
      {"study", "abd"}, {"repetitions", std::int64_t{40}}, {"seed", "2"}};
  const std::string remedy =
      "(the study file has changed: use the one that began, whose text is /study/file in "
      "the result)";
  BOOST_TEST(difference_lines(stored, given) ==
             "\n  study: stored abc, given abd " + remedy +
                 "\n  seed: stored 1, given 2 (--seed 1)");
  given = {{"study", "abd"}, {"repetitions", std::int64_t{50}}, {"seed", "1"}};
  BOOST_TEST(difference_lines(stored, given) ==
             "\n  repetitions: stored 40, given 50 " + remedy);
}

BOOST_AUTO_TEST_SUITE_END()
