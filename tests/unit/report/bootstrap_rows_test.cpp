// SPDX-License-Identifier: MIT
#include "engine/report/bootstrap_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/test/unit_test.hpp>

#include "tests/unit/report/example_report.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(bootstrap_rows)

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Replicates in memory, handed out in blocks of seven.
struct Replicates {
  std::vector<IntervalType> types = {IntervalType::norm, IntervalType::perc};
  std::vector<TidyRow> original = example::sleepstudy_rows();
  std::vector<double> estimates;
  std::vector<std::uint8_t> status;

  /// Column c is original + deviation; NaN if the status is a failure.
  void add(double deviation, std::uint8_t code) {
    for (const TidyRow& row : original)
      estimates.push_back(has_estimate(code) ? *row.estimate + deviation : kNaN);
    status.push_back(code);
  }
  ReadReplicates read() const {
    return [this](const UseReplicates& use) {
      for (std::size_t first = 0; first < status.size(); first += 7) {
        const std::size_t rows = std::min<std::size_t>(7, status.size() - first);
        use(static_cast<std::int64_t>(first),
            std::span(estimates).subspan(first * original.size(), rows * original.size()),
            {},
            std::span(status).subspan(first, rows));
      }
    };
  }
  SummaryRequest request(double level = 0.95) const {
    SummaryRequest out{.originals = {}, .types = types, .level = level};
    for (const TidyRow& row : original)
      out.originals.push_back({.estimate = *row.estimate});
    return out;
  }
  ReplicateTally tally() const { return tally_replicates(request(), read()); }
  BootstrapRows summary(double level) const {
    const ReplicateTally tallied = tally();
    OrderStatistics ordered = order_replicates(request(level), tallied, read());
    return summarize_replicates(request(level), original, tallied, ordered);
  }
};

std::uint8_t code(ReplicateStatus status) {
  return static_cast<std::uint8_t>(status);
}

}  // namespace

BOOST_AUTO_TEST_CASE(failed_replicates_are_counted_and_left_out) {
  // 101 replicates estimate + {−50, …, 50}, one of them on the boundary, and three failures.
  Replicates replicates;
  for (int i = -50; i <= 50; ++i)
    replicates.add(i, code(i == -43 ? ReplicateStatus::boundary : ReplicateStatus::ok));
  replicates.add(0, code(ReplicateStatus::collinear));
  replicates.add(0, code(ReplicateStatus::not_converged));
  replicates.add(0, code(ReplicateStatus::collinear));
  const BootstrapRows got = replicates.summary(0.9);

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
  BOOST_TEST(!perc.p_value);  // of a standard deviation
  BOOST_TEST(perc.conf_low_mcse.has_value());
  // The intercept, 251, is further from 0 than any replicate from it: (1 + 0)/(101 + 1).
  BOOST_TEST(*got.tidy[1].p_value == 1.0 / 102.0);
  // Days, 10.5: 80 of the deviations −50 … 50 are at least as large: those from 11 on.
  BOOST_TEST(*got.tidy[3].p_value == 81.0 / 102.0);

  const ReplicateCounts counts =
      count_replicates(replicates.request(), replicates.tally());
  BOOST_TEST(counts.total() == 104);
  BOOST_TEST(counts.num_failed() == 3);
  BOOST_TEST(counts.boundary() == 1);
  BOOST_TEST(counts.by_status[code(ReplicateStatus::collinear)] == 2);
}

BOOST_AUTO_TEST_CASE(too_few_replicates_are_noted_once) {
  Replicates replicates;
  for (int i = 0; i < 20; ++i)
    replicates.add(i, code(ReplicateStatus::ok));
  const BootstrapRows got = replicates.summary(0.95);
  BOOST_TEST_REQUIRE(got.notes.size() == 1U);
  BOOST_TEST(got.notes[0].find("20 replicates are too few for 95% intervals") == 0U);
}

BOOST_AUTO_TEST_CASE(intervals_that_do_not_exist_are_noted_with_their_terms) {
  Replicates replicates;
  replicates.types = {IntervalType::bc, IntervalType::perc};
  for (int i = 1; i <= 100; ++i)
    replicates.add(i, code(ReplicateStatus::ok));  // all above the estimates
  const BootstrapRows got = replicates.summary(0.95);
  BOOST_TEST(std::isnan(*got.tidy[0].conf_low));
  BOOST_TEST(!got.tidy[0].conf_low_mcse);
  BOOST_TEST(*got.tidy[1].conf_low > *got.tidy[1].estimate);
  BOOST_TEST_REQUIRE(got.notes.size() == 1U);
  BOOST_TEST(got.notes[0].find("no bc interval of (Intercept), Days, sd__(Intercept), "
                               "sd__Observation: ") == 0U);
  BOOST_TEST(got.notes[0].find("z0 is infinite") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_replicate_left_gives_nan_not_an_error) {
  Replicates replicates;
  for (int i = 0; i < 3; ++i)
    replicates.add(0, code(ReplicateStatus::degenerate));
  const BootstrapRows got = replicates.summary(0.95);
  BOOST_TEST(got.tidy.size() == 8U);
  BOOST_TEST(std::isnan(*got.tidy[0].std_error));
  BOOST_TEST_REQUIRE(got.notes.size() == 2U);  // one per type
  for (const std::string& note : got.notes)
    BOOST_TEST(note.find("there are fewer than two replicates") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(codes_of_a_later_version_count_as_failures) {
  Replicates replicates;
  replicates.add(0, code(ReplicateStatus::ok));
  replicates.add(0, 200);
  BOOST_TEST(count_replicates(replicates.request(), replicates.tally()).num_failed() ==
             1);
}

BOOST_AUTO_TEST_SUITE_END()
