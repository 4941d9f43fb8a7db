// SPDX-License-Identifier: MIT
#include "engine/study/external_estimate.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "engine/random/stream.hpp"
#include "engine/study/data_generator.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> fields(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> out;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) {
    field.erase(0, field.find_first_not_of(' '));
    field.erase(field.find_last_not_of(' ') + 1);
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
      field = field.substr(1, field.size() - 2);
    out.push_back(field);
  }
  if (line.ends_with(',')) out.emplace_back();
  return out;
}

/// A number, or NaN for one that is missing; nothing for what is neither.
std::optional<double> number(const std::string& text) {
  if (text.empty() || text == "NA" || text == "NaN" || text == "nan") return kNaN;
  double value = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Where a term's estimate stands in a row, τ̂'s being `tau`; none for other terms.
std::optional<std::size_t> place_of(const Study& study,
                                    std::size_t tau,
                                    const std::string& term) {
  for (std::size_t t = 0; t < study.terms.size(); ++t) {
    if (study.terms[t].name == term) return t;
  }
  if (term == kSdIntercept) return tau;
  if (term == kSdObservation) return tau + 1;
  return std::nullopt;
}

}  // namespace

std::string question(const Study& study,
                     const DataSet& data,
                     std::int64_t cell,
                     std::int64_t repetition) {
  Stream stream(study.seed, Purpose::study_external, study_task(cell, repetition));
  std::string text = fmt::format("data {} {} {} {}\n{}",
                                 cell + 1,
                                 repetition + 1,
                                 1 + stream.index(2'147'483'646),
                                 data.num_obs(),
                                 study.group);
  for (const Covariate& covariate : study.covariates)
    text += "," + covariate.name;
  text += "," + study.response + "\n";
  std::size_t row = 0;
  for (std::int64_t j = 0; j < data.num_groups(); ++j) {
    for (std::int64_t i = 0; i < data.size[static_cast<std::size_t>(j)]; ++i, ++row) {
      fmt::format_to(std::back_inserter(text), "{}", j + 1);
      for (const AlignedVector<double>& covariate : data.covariate)
        fmt::format_to(std::back_inserter(text), ",{}", covariate[row]);
      fmt::format_to(std::back_inserter(text), ",{}\n", data.y[row]);
    }
  }
  return text;
}

bool read_answer(const Study& study,
                 const std::string& answer,
                 std::int64_t at,
                 ReplicateRows& out) {
  std::istringstream lines(answer);
  std::string line;
  if (!std::getline(lines, line)) return false;
  const std::vector<std::string> header = fields(line);
  const auto column = [&header](const char* name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) -
                                    header.begin());
  };
  const std::size_t term = column("term"), estimate = column("estimate"),
                    std_error = column("std.error");
  if (term == header.size() || estimate == header.size()) return false;
  const auto tau_at = static_cast<std::size_t>(out.num_std_errors);
  std::vector<double> estimates(static_cast<std::size_t>(out.num_estimates), kNaN);
  std::vector<double> errors(static_cast<std::size_t>(out.num_std_errors), kNaN);
  while (std::getline(lines, line) && line != "end" && line != "end\r") {
    const std::vector<std::string> row = fields(line);
    if (row.size() != header.size()) return false;
    const std::optional<double> value = number(row[estimate]);
    const std::optional<double> error =
        std_error < header.size() ? number(row[std_error]) : kNaN;
    if (!value || !error) return false;
    const std::optional<std::size_t> place = place_of(study, tau_at, row[term]);
    if (!place) continue;
    estimates[*place] = *value;
    if (*place < errors.size()) errors[*place] = *error;
  }
  if (std::all_of(
          estimates.begin(), estimates.end(), [](double v) { return std::isnan(v); }))
    return false;
  std::copy(
      estimates.begin(), estimates.end(), out.estimate.begin() + at * out.num_estimates);
  std::copy(
      errors.begin(), errors.end(), out.std_error.begin() + at * out.num_std_errors);
  const double tau = estimates[tau_at];
  out.status[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(
      tau == 0.0 ? ReplicateStatus::boundary : ReplicateStatus::ok);
  return true;
}

}  // namespace merit
