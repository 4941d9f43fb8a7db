// SPDX-License-Identifier: MIT
#include "engine/study/precision.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "engine/model/text.hpp"

namespace merit {
namespace {

const MeasureColumn* find_measure(const std::string& name) {
  const auto found = std::find_if(std::begin(kMeasures),
                                  std::end(kMeasures),
                                  [&](const MeasureColumn& m) { return name == m.name; });
  return found == std::end(kMeasures) ? nullptr : found;
}

WantedError parse_one(const std::string& text) {
  const std::string option = "--until-mcse " + text;
  const std::size_t equals = text.find('=');
  WantedError out{.measure = text.substr(0, equals)};
  if (find_measure(out.measure) == nullptr) {
    std::vector<std::string> names;
    for (const MeasureColumn& column : kMeasures)
      names.emplace_back(column.name);
    throw UsageError(fmt::format("{}: '{}' is no measure{}",
                                 option,
                                 out.measure,
                                 did_you_mean(out.measure, names)));
  }
  if (equals != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, out.error);
    if (error == std::errc() && stop == end && out.error > 0.0 &&
        std::isfinite(out.error))
      return out;
  }
  throw UsageError(
      fmt::format("{}: give the standard error wanted, a number above 0: {}=0.002",
                  option,
                  out.measure));
}

}  // namespace

std::vector<WantedError> parse_wanted_errors(const std::string& text) {
  std::vector<WantedError> out;
  std::istringstream stream(text);
  for (std::string one; std::getline(stream, one, ',');) {
    out.push_back(parse_one(one));
    const bool twice = std::any_of(out.begin(), out.end() - 1, [&](const WantedError& w) {
      return w.measure == out.back().measure;
    });
    if (twice)
      throw UsageError(
          fmt::format("--until-mcse {}: {} is there twice", text, out.back().measure));
  }
  if (out.empty())
    throw UsageError(
        "--until-mcse: name a measure and its standard error: coverage=0.002");
  std::sort(out.begin(), out.end(), [](const WantedError& a, const WantedError& b) {
    return a.measure < b.measure;
  });
  return out;
}

std::string text_of(const std::vector<WantedError>& wanted) {
  std::vector<std::string> words;
  for (const WantedError& w : wanted)
    words.push_back(fmt::format("{}={}", w.measure, w.error));
  return fmt::format("{}", fmt::join(words, ","));
}

LargestRatio largest_ratio(const Study& study,
                           const std::vector<Performance>& performance,
                           const std::vector<WantedError>& wanted) {
  constexpr double kUnknown = std::numeric_limits<double>::infinity();
  LargestRatio largest;
  for (const WantedError& want : wanted) {
    const MeasureColumn& column = *find_measure(want.measure);
    bool any = false;
    for (const Performance& row : performance) {
      const Measure measure = column.of(row);
      if (std::isnan(measure.value)) continue;  // has no meaning there
      any = true;
      const double ratio =
          std::isnan(measure.mcse) ? kUnknown : measure.mcse / want.error;
      if (ratio <= largest.ratio && !largest.of.empty()) continue;
      const std::string& estimator = study.estimators[row.estimator].name;
      largest = {ratio,
                 measure.mcse,
                 fmt::format("{} of {}, {}{}, in cell {}",
                             want.measure,
                             row.estimand,
                             estimator,
                             row.has_interval ? fmt::format(", {}", name(row.df)) : "",
                             row.cell + 1)};
    }
    if (!any)
      largest = {kUnknown, kUnknown, fmt::format("no estimand has {}", want.measure)};
  }
  return largest;
}

}  // namespace merit
