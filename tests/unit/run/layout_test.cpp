// SPDX-License-Identifier: MIT
#include "engine/run/layout.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace merit {

BOOST_AUTO_TEST_SUITE(layout)

BOOST_AUTO_TEST_CASE(ranks_with_their_own_cpus_need_no_warning) {
  const std::vector<RankLayout> ranks = {{"n1", {0, 1}, 2}, {"n1", {2, 3}, 2}};
  BOOST_TEST(layout_warnings(ranks).empty());
  BOOST_TEST(describe(ranks) == "2 ranks × 2 threads");
  BOOST_TEST(describe({{"n1", {0}, 1}}) == "1 rank × 1 thread");
  BOOST_TEST(describe({{"n1", {0}, 1}, {"n2", {0, 1}, 2}}) ==
             "2 ranks × 1 to 2 threads on 2 nodes");
}

BOOST_AUTO_TEST_CASE(more_threads_than_cpus) {
  const auto warnings = layout_warnings({{"n1", {5}, 1}, {"n1", {6}, 8}});
  BOOST_TEST(warnings.size() == 1u);
  BOOST_TEST(warnings.front().starts_with("rank 1 on n1 runs 8 threads on 1 CPU: "));
  BOOST_TEST(warnings.front().find("--threads 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ranks_on_one_cpu) {
  const auto warnings = layout_warnings({{"n1", {0}, 1}, {"n1", {0}, 1}, {"n2", {0}, 1}});
  BOOST_TEST(warnings.size() == 1u);
  BOOST_TEST(
      warnings.front().starts_with("2 ranks with 2 threads in all share 1 CPU on n1"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
