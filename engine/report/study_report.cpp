// SPDX-License-Identifier: MIT
#include "engine/report/study_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "engine/model/text.hpp"
#include "engine/report/csv_field.hpp"
#include "engine/report/text_table.hpp"

namespace merit {
namespace {

using Json = nlohmann::ordered_json;

/// Reasons for which a repetition has no estimate.
constexpr ReplicateStatus kFailures[] = {ReplicateStatus::not_converged,
                                         ReplicateStatus::collinear,
                                         ReplicateStatus::degenerate,
                                         ReplicateStatus::separated,
                                         ReplicateStatus::no_answer,
                                         ReplicateStatus::improper};

std::string df_text(const Performance& row) {
  return row.has_interval ? std::string(name(row.df)) : std::string();
}

/// "0.9512 (0.0048)": both with as many decimals as show two digits of the second.
std::string with_mcse(const Measure& measure) {
  if (std::isnan(measure.value)) return "";
  const bool has_digits = std::isfinite(measure.mcse) && measure.mcse > 0.0;
  if (!has_digits) return number_text(measure.value, measure.value);
  const double decimals = 1.0 - std::floor(std::log10(measure.mcse));
  if (decimals > 12.0 || measure.mcse > 1e9)
    return fmt::format("{:.4g} ({:.2g})", measure.value, measure.mcse);
  const int shown = static_cast<int>(std::max(0.0, decimals));
  return fmt::format("{:.{}f} ({:.{}f})", measure.value, shown, measure.mcse, shown);
}

const StudyEstimator& estimator_of(const StudyReport& report, const Performance& row) {
  return report.study.estimators[row.estimator];
}

const std::vector<double>& factors_of(const StudyReport& report, const Performance& row) {
  return report.study.cells[static_cast<std::size_t>(row.cell)].factor;
}

std::string grid_text(const Study& study) {
  std::string out = fmt::format("{}", study.num_cells());
  for (std::size_t f = 0; f < study.factors.size(); ++f) {
    std::vector<std::string> levels;
    for (const StudyCell& cell : study.cells) {
      const std::string level = shortest(cell.factor[f]);
      if (std::find(levels.begin(), levels.end(), level) == levels.end())
        levels.push_back(level);
    }
    out += fmt::format(
        "{}{} {}", f == 0 ? ": " : " × ", study.factors[f], fmt::join(levels, "|"));
  }
  return out;
}

}  // namespace

std::string study_csv(const StudyReport& report) {
  std::string out = "cell";
  for (const std::string& factor : report.study.factors)
    out += fmt::format(",{}", csv_field(factor));
  out += ",estimator,df,term,truth,nsim";
  for (const ReplicateStatus status : kFailures)
    out += fmt::format(",{}", name(status));
  out += ",no_interval";
  for (const MeasureColumn& column : kMeasures)
    out += fmt::format(",{0},{0}_mcse", column.name);
  out += '\n';
  for (const Performance& row : report.performance) {
    out += fmt::format("{}", row.cell + 1);
    for (const double level : factors_of(report, row))
      out += fmt::format(",{}", csv_field(level));
    out += fmt::format(",{},{},{},{},{}",
                       csv_field(estimator_of(report, row).name),
                       df_text(row),
                       csv_field(row.estimand),
                       csv_field(row.truth),
                       row.measures.num_estimates);
    for (const ReplicateStatus status : kFailures)
      out += fmt::format(",{}", row.by_status[static_cast<std::size_t>(status)]);
    out += fmt::format(",{}", row.num_without_interval);
    for (const MeasureColumn& column : kMeasures) {
      const Measure measure = column.of(row);
      out += fmt::format(",{},{}", csv_field(measure.value), csv_field(measure.mcse));
    }
    out += '\n';
  }
  return out;
}

std::string study_json(const StudyReport& report) {
  const Study& study = report.study;
  Json estimators = Json::array();
  for (const StudyEstimator& estimator : study.estimators) {
    Json terms = Json::array();
    for (const std::size_t t : estimator.terms)
      terms.push_back(study.terms[t].name);
    estimators.push_back(
        {{"name", estimator.name}, {"method", estimator.method}, {"terms", terms}});
  }
  Json rows = Json::array();
  for (const Performance& row : report.performance) {
    Json factors = Json::object();
    for (std::size_t f = 0; f < study.factors.size(); ++f)
      factors[study.factors[f]] = factors_of(report, row)[f];
    Json out = {{"cell", row.cell + 1},
                {"factors", factors},
                {"estimator", estimator_of(report, row).name},
                {"df", row.has_interval ? Json(df_text(row)) : Json(nullptr)},
                {"term", row.estimand},
                {"truth", row.truth},
                {"nsim", row.measures.num_estimates}};
    for (const ReplicateStatus status : kFailures)
      out[std::string(name(status))] = row.by_status[static_cast<std::size_t>(status)];
    out["no_interval"] = row.num_without_interval;
    for (const MeasureColumn& column : kMeasures) {
      const Measure measure = column.of(row);  // dump() turns NaN to null
      out[column.name] = measure.value;
      out[std::string(column.name) + "_mcse"] = measure.mcse;
    }
    rows.push_back(std::move(out));
  }
  Json provenance = Json::object();
  for (const auto& [key, value] : report.provenance)
    std::visit([&, &label = key](const auto& v) { provenance[label] = v; }, value);
  const Json out = {{"command", "simulate"},
                    {"version", report.version},
                    {"study",
                     {{"file", report.file},
                      {"title", study.title},
                      {"formula", study.formula},
                      {"family", std::string(name(study.family))},
                      {"link", std::string(name(study.link))},
                      {"cells", study.num_cells()},
                      {"repetitions", study.repetitions},
                      {"seed", fmt::format("{}", study.seed)},
                      {"level", report.level},
                      {"estimators", estimators}}},
                    {"notes", report.notes},
                    {"performance", rows},
                    {"provenance", provenance}};
  return out.dump(2) + "\n";
}

std::string study_table(const StudyReport& report) {
  const Study& study = report.study;
  std::string out = study.title.empty() ? "Simulation study" : study.title;
  out += fmt::format("\nModel        {}, {} ({} link)\nCells        {}\n",
                     study.formula,
                     name(study.family),
                     name(study.link),
                     grid_text(study));
  out += fmt::format(
      "Repetitions  {} per cell, seed {}; in brackets Monte-Carlo standard errors\n\n",
      with_separators(study.repetitions),
      study.seed);
  TextTable table;
  table.add_column("Cell", TextTable::Align::decimal);
  for (const std::string& factor : study.factors)
    table.add_column(factor, TextTable::Align::decimal);
  table.add_column("Estimator", TextTable::Align::left);
  table.add_column("Term", TextTable::Align::left);
  table.add_column("Truth", TextTable::Align::decimal);
  for (const char* header : {"Bias", "EmpSE", "RelError", "RMSE"})
    table.add_column(header, TextTable::Align::decimal);
  table.add_column("df", TextTable::Align::left);
  table.add_column(fmt::format("Coverage {:g}%", 100.0 * report.level),
                   TextTable::Align::decimal);
  for (const char* header : {"Width", "Rejected", "Failed", "Boundary"})
    table.add_column(header, TextTable::Align::decimal);
  for (const Performance& row : report.performance) {
    std::vector<std::string> cells = {fmt::format("{}", row.cell + 1)};
    for (const double level : factors_of(report, row))
      cells.push_back(shortest(level));
    const Measures& m = row.measures;
    const std::string relerror =
        std::isnan(m.relerror.value)
            ? ""
            : fmt::format("{:.1f}% ({:.1f})", m.relerror.value, m.relerror.mcse);
    cells.insert(cells.end(),
                 {estimator_of(report, row).name,
                  row.estimand,
                  fmt::format("{:.6g}", row.truth),
                  with_mcse(m.bias),
                  with_mcse(m.empse),
                  relerror,
                  with_mcse(m.rmse),
                  df_text(row),
                  with_mcse(m.coverage),
                  with_mcse(m.width),
                  with_mcse(m.rej_rate),
                  fmt::format("{}", row.num_failed()),
                  fmt::format("{:.3g}", row.boundary.value)});
    table.add_row(std::move(cells));
  }
  out += table.text("");
  for (const std::string& note : report.notes)
    out += fmt::format("\nNote: {}\n", note);
  out +=
      "\nRelError: model standard error against the empirical one. Rejected: power, or "
      "type-I error\nwhere the truth is 0. Failed: repetitions without an estimate, "
      "which "
      "are left out, or without an\ninterval of this kind, which coverage leaves out.\n";
  return out;
}

}  // namespace merit
