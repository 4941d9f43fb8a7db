// SPDX-License-Identifier: MIT
#include "engine/report/bootstrap_rows.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <boost/test/unit_test.hpp>

#include "tests/unit/report/example_report.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(bootstrap_rows)

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kTypes = {IntervalType::norm, IntervalType::perc};

std::uint8_t code(ReplicateStatus status) {
  return static_cast<std::uint8_t>(status);
}

}  // namespace

BOOST_AUTO_TEST_CASE(failed_replicates_are_counted_and_left_out) {
  // 101 replicates estimate + {−50, …, 50}, one of them on the boundary, and three failures.
  std::vector<std::uint8_t> status(101, code(ReplicateStatus::ok));
  status[7] = code(ReplicateStatus::boundary);
  status.push_back(code(ReplicateStatus::collinear));
  status.push_back(code(ReplicateStatus::not_converged));
  status.push_back(code(ReplicateStatus::collinear));
  const std::vector<TidyRow> original = example::sleepstudy_rows();
  const ReadColumn read = [&](std::size_t column) {
    std::vector<double> values;
    for (int i = -50; i <= 50; ++i)
      values.push_back(*original[column].estimate + i);
    values.insert(values.end(), 3, kNaN);
    return values;
  };
  const BootstrapRows got = summarize_replicates(original, status, read, kTypes, 0.9);

  BOOST_TEST_REQUIRE(got.tidy.size() == 8U);  // (p + 2) terms × 2 types
  BOOST_TEST(got.notes.empty());
  const TidyRow& perc = got.tidy[5];
  BOOST_TEST(perc.effect == "ran_pars");
  BOOST_TEST(perc.group == "Subject");
  BOOST_TEST(perc.term == "sd__(Intercept)");
  BOOST_TEST(perc.conf_type == "perc");
  BOOST_TEST(std::abs(*perc.bias) < 1e-12);
  // Variance of −50 … 50 with divisor 100: 101 · 102 / 12.
  BOOST_TEST(std::abs(*perc.std_error - std::sqrt(858.5)) < 1e-12);
  // Order statistics at 102 · 0.05 = 5.1 and 96.9: between the 5th and 6th smallest.
  BOOST_TEST(*perc.conf_low > *perc.estimate - 46.0);
  BOOST_TEST(*perc.conf_low < *perc.estimate - 45.0);
  BOOST_TEST(!perc.statistic);
  BOOST_TEST(!perc.p_value);

  const ReplicateCounts counts = count_replicates(status);
  BOOST_TEST(counts.total() == 104);
  BOOST_TEST(counts.num_failed() == 3);
  BOOST_TEST(counts.boundary() == 1);
  BOOST_TEST(counts.by_status[code(ReplicateStatus::collinear)] == 2);
}

BOOST_AUTO_TEST_CASE(too_few_replicates_are_noted_once) {
  const std::vector<TidyRow> original = example::sleepstudy_rows();
  const std::vector<std::uint8_t> status(20, code(ReplicateStatus::ok));
  const ReadColumn read = [](std::size_t) {
    std::vector<double> values;
    for (int i = 0; i < 20; ++i)
      values.push_back(i);
    return values;
  };
  const BootstrapRows got = summarize_replicates(original, status, read, kTypes, 0.95);
  BOOST_TEST_REQUIRE(got.notes.size() == 1U);
  BOOST_TEST(got.notes[0].find("20 replicates are too few for 95% intervals") == 0U);
}

BOOST_AUTO_TEST_CASE(no_replicate_left_gives_nan_not_an_error) {
  const std::vector<TidyRow> original = example::sleepstudy_rows();
  const std::vector<std::uint8_t> status(3, code(ReplicateStatus::degenerate));
  const ReadColumn read = [](std::size_t) { return std::vector<double>(3, kNaN); };
  const BootstrapRows got = summarize_replicates(original, status, read, kTypes, 0.95);
  BOOST_TEST(got.tidy.size() == 8U);
  BOOST_TEST(std::isnan(*got.tidy[0].std_error));
  BOOST_TEST(got.notes.empty());
}

BOOST_AUTO_TEST_CASE(codes_of_a_later_version_count_as_failures) {
  const std::vector<std::uint8_t> status = {0, 200};
  BOOST_TEST(count_replicates(status).num_failed() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
