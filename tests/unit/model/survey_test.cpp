// SPDX-License-Identifier: MIT
#include "engine/model/survey.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using merit::DesignSurvey;

DesignSurvey left() {
  DesignSurvey survey;
  survey.counts = {5, 1, 3, {0, 1}};
  survey.levels = {{0, 2}, {2017.5}};
  survey.scales = {{2, 1.5, 0.5}};  // 1, 2
  survey.groups = {1, 3};
  survey.group_sizes = {1, 2};
  survey.group_means = {{10, 20}, {1, 2}};
  return survey;
}

DesignSurvey right() {
  DesignSurvey survey;
  survey.counts = {4, 0, 3, {1, 0}};
  survey.levels = {{1, 2}, {}};
  survey.scales = {{1, 6, 0}};
  survey.groups = {2, 3};
  survey.group_sizes = {1, 1};
  survey.group_means = {{50, 26}, {7, 5}};
  return survey;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(survey)

BOOST_AUTO_TEST_CASE(parts_add_up) {
  const DesignSurvey both = merge(left(), right());
  DesignSurvey expected;
  expected.counts = {9, 1, 6, {1, 1}};
  expected.levels = {{0, 1, 2}, {2017.5}};
  expected.scales = {{3, 3, 14}};  // of 1, 2, 6
  expected.groups = {1, 2, 3};
  expected.group_sizes = {1, 1, 3};
  expected.group_means = {{10, 50, 22}, {1, 7, 3}};
  BOOST_TEST((both == expected));
}

BOOST_AUTO_TEST_CASE(an_empty_survey_changes_nothing) {
  BOOST_TEST((merge(DesignSurvey(), left()) == left()));
  BOOST_TEST((merge(left(), DesignSurvey()) == left()));
}

// A part that has seen rows but used none of them.
BOOST_AUTO_TEST_CASE(a_part_without_used_rows_adds_its_counts) {
  DesignSurvey nothing;
  nothing.counts = {7, 7, 0, {0, 0}};
  nothing.levels.resize(2);
  nothing.scales.resize(1);
  nothing.group_means.resize(2);
  DesignSurvey expected = left();
  expected.counts = {12, 8, 3, {0, 1}};
  BOOST_TEST((merge(nothing, left()) == expected));
  BOOST_TEST((merge(left(), nothing) == expected));
}

// Mean and squares of {1e9 + 1, …, 1e9 + 4}: by hand 1e9 + 2.5 and 5.
BOOST_AUTO_TEST_CASE(moments_keep_their_digits_at_a_large_origin) {
  merit::Moments all;
  for (int i = 1; i <= 4; ++i)
    all = merge(all, merit::Moments{1, 1e9 + i, 0});
  BOOST_TEST(all.count == 4.0);
  BOOST_TEST(all.mean == 1e9 + 2.5);
  BOOST_TEST(all.squares == 5.0, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(packed_and_unpacked_is_the_same) {
  BOOST_TEST((merit::unpack(pack(left())) == left()));
  BOOST_TEST((merit::unpack(pack(DesignSurvey())) == DesignSurvey()));
}

BOOST_AUTO_TEST_SUITE_END()
