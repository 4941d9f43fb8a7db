// SPDX-License-Identifier: MIT
#include "engine/report/repetition_report.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/report/text_table.hpp"
#include "engine/study/study_columns.hpp"

namespace merit {
namespace {

using Json = nlohmann::ordered_json;

struct Line {
  std::string estimator, term, inference, status;
  double truth, estimate, std_error, df, low, high;  ///< NaN: none
};

std::vector<Line> lines_of(const RepetitionReport& report) {
  const Study& study = report.study;
  const StudyCell& cell = study.cells[static_cast<std::size_t>(report.cell)];
  const StudyColumns columns(study);
  const auto tau = static_cast<std::size_t>(columns.tau());
  std::vector<Line> lines;
  for (std::size_t e = 0; e < study.estimators.size(); ++e) {
    const StudyEstimator& estimator = study.estimators[e];
    const double* estimate = report.rows.estimate.data() + e * (tau + 2);
    const double* std_error = report.rows.std_error.data() + e * tau;
    const std::string status(name(static_cast<ReplicateStatus>(report.rows.status[e])));
    const auto add = [&](const std::string& term, double value) -> Line& {
      return lines.emplace_back(Line{.estimator = estimator.name,
                                     .term = term,
                                     .inference = {},
                                     .status = status,
                                     .truth = truth(study, cell, term),
                                     .estimate = value,
                                     .std_error = std::nan(""),
                                     .df = std::nan(""),
                                     .low = std::nan(""),
                                     .high = std::nan("")});
    };
    // Of a way that keeps its intervals.
    const auto add_ends = [&](std::size_t parameter, StudyDf way, Line& line) {
      const auto place = static_cast<std::size_t>(columns.interval(parameter, way));
      line.inference = name(way);
      line.low = estimate[place];
      line.high = std_error[place];
      if (way != StudyDf::profile) line.std_error = std_error[columns.spread(parameter)];
    };
    for (const std::size_t t : estimator.terms) {
      for (const StudyDf df : estimator.df) {
        if (keeps_interval(df)) {
          Line& line = add(study.terms[t].name, estimate[t]);
          line.std_error = std_error[t];
          add_ends(t, df, line);
          continue;
        }
        const auto place = static_cast<std::size_t>(columns.place(t, df));
        Line& line = add(study.terms[t].name, estimate[t]);
        line.inference = name(df);
        line.std_error = std_error[place];
        line.df = is_estimated(df)
                      ? estimate[place]
                      : degrees_of_freedom(
                            study, estimator, df, t, cell.num_groups, report.num_obs);
      }
    }
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
      const char* const sd = k == 0 ? kSdIntercept : kSdObservation;
      if (!gives(study, estimator, sd)) continue;
      const std::vector<StudyDf> ways = ways_to(estimator, sd);
      for (const StudyDf way : ways)
        add_ends(columns.tau_parameter() + k, way, add(sd, estimate[tau + k]));
      if (ways.empty()) add(sd, estimate[tau + k]);
    }
  }
  return lines;
}

std::string text_of(double value) {
  return std::isnan(value) ? "" : std::isinf(value) ? "Inf" : fmt::format("{}", value);
}

std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  return fmt::format("\"{}\"", out);
}

}  // namespace

std::string repetition_csv(const RepetitionReport& report) {
  std::string out =
      "estimator,term,df,truth,estimate,std.error,den.df,conf.low,conf.high,status\n";
  for (const Line& line : lines_of(report)) {
    out += fmt::format("{},{},{},{},{},{},{},{},{},{}\n",
                       quoted(line.estimator),
                       quoted(line.term),
                       line.inference,
                       text_of(line.truth),
                       text_of(line.estimate),
                       text_of(line.std_error),
                       text_of(line.df),
                       text_of(line.low),
                       text_of(line.high),
                       line.status);
  }
  return out;
}

std::string repetition_json(const RepetitionReport& report) {
  Json rows = Json::array();
  for (const Line& line : lines_of(report)) {
    rows.push_back({{"estimator", line.estimator},
                    {"term", line.term},
                    {"df", line.inference.empty() ? Json(nullptr) : Json(line.inference)},
                    {"truth", line.truth},
                    {"estimate", line.estimate},  // dump() turns NaN to null
                    {"std.error", line.std_error},
                    {"den.df", line.df},  // of the normal distribution: infinite, null
                    {"conf.low", line.low},
                    {"conf.high", line.high},
                    {"status", line.status}});
  }
  const Json out = {{"command", "simulate"},
                    {"cell", report.cell + 1},
                    {"rep", report.repetition + 1},
                    {"nobs", report.num_obs},
                    {"seed", fmt::format("{}", report.seed)},
                    {"fits", rows}};
  return out.dump(2) + "\n";
}

std::string repetition_table(const RepetitionReport& report) {
  const bool keeps = report.study.keeps_intervals();
  std::string out = fmt::format("Cell {}, repetition {}: {} rows\n",
                                report.cell + 1,
                                report.repetition + 1,
                                report.num_obs);
  if (keeps) out += fmt::format("Seed of bootstraps and posteriors: {}\n", report.seed);
  out += '\n';
  TextTable table;
  table.add_column("Estimator", TextTable::Align::left);
  table.add_column("Term", TextTable::Align::left);
  table.add_column("df", TextTable::Align::left);
  for (const char* header : {"Truth", "Estimate", "Std.Error", "den.df"})
    table.add_column(header, TextTable::Align::decimal);
  if (keeps) table.add_column("Interval", TextTable::Align::left);
  table.add_column("Status", TextTable::Align::left);
  for (const Line& line : lines_of(report)) {
    const bool has_error = !std::isnan(line.std_error);
    std::vector<std::string> cells = {
        line.estimator,
        line.term,
        line.inference,
        fmt::format("{:.6g}", line.truth),
        number_text(line.estimate, has_error ? line.std_error : line.estimate),
        has_error ? number_text(line.std_error, line.std_error) : "",
        std::isfinite(line.df) ? fmt::format("{:.2f}", line.df) : ""};
    if (keeps) {
      cells.push_back(std::isnan(line.low)
                          ? ""
                          : fmt::format("{:.5g} to {:.5g}", line.low, line.high));
    }
    cells.push_back(line.status);
    table.add_row(std::move(cells));
  }
  return out + table.text("");
}

}  // namespace merit
