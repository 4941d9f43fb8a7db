// SPDX-License-Identifier: MIT
#include "engine/cli/null_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/report/text_table.hpp"
#include "engine/resample/null_bootstrap.hpp"

namespace merit {
namespace {

/// The likelihood-ratio test that is stored with the fit.
const TestResult& stored_test(const ResultFile& file) {
  const std::vector<TestResult>& tests = file.fit().tests;
  const auto found = std::find_if(tests.begin(), tests.end(), [](const TestResult& test) {
    return test.kind == "null" && test.num_df;
  });
  if (found == tests.end()) throw IoError(file.path() + ": damaged: no test in it");
  return *found;
}

/// How far the p-value of as many other draws would be off.
double monte_carlo_error(double p, std::int64_t draws) {
  return std::sqrt(p * (1.0 - p) / static_cast<double>(draws));
}

std::vector<TestResult> tests_by(const NullDistribution& draws, const TestResult& test) {
  TestResult bootstrap = test;
  bootstrap.num_df.reset();
  bootstrap.p_value = draws.p_value();
  bootstrap.method = fmt::format("parametric bootstrap, p ± {:.2g}",
                                 monte_carlo_error(bootstrap.p_value, draws.num_draws()));
  TestResult bartlett = test;
  bartlett.statistic = draws.bartlett_statistic(*test.num_df);
  bartlett.p_value = draws.bartlett_p_value(*test.num_df);
  bartlett.method = "Bartlett's correction";
  TestResult gamma = bootstrap;
  gamma.p_value = draws.gamma_p_value();
  gamma.method = "gamma";
  return {test, bootstrap, bartlett, gamma};
}

}  // namespace

bool compares_models(const ResultFile& file) {
  return file.replicates() && !text_of(file.job(), "null").empty();
}

Report null_report(const ResultFile& file, const ReportOptions& options) {
  Report report =
      fit_report("bootstrap", file.fit(), file.job(), file.provenance(), options);
  for (const auto& [name, value] : file.job()) {
    if (name == "type" || name == "seed") report.options.emplace_back(name, value);
  }
  const TestResult& test = stored_test(file);
  NullDistribution draws(test.statistic);
  ReplicateCounts counts;
  file.for_each_block([&](std::int64_t,
                          std::span<const double> ratios,
                          std::span<const double>,
                          std::span<const std::uint8_t> statuses) {
    draws.add(ratios);
    for (const std::uint8_t status : statuses) {
      const auto code = std::min<std::size_t>(status, counts.by_status.size() - 1);
      ++counts.by_status[code];
    }
  });
  report.glance.replicates = counts;
  report.tests = {test};
  if (draws.num_draws() > 0) report.tests = tests_by(draws, test);
  report.notes.push_back(
      fmt::format("{} draws from the null model have a likelihood ratio of {:.4g} on "
                  "average, variance "
                  "{:.4g}; chi-squared has {} and {}",
                  with_separators(draws.num_draws()),
                  draws.mean(),
                  draws.variance(),
                  *test.num_df,
                  2.0 * *test.num_df));
  return report;
}

}  // namespace merit
