// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "engine/report/loo_report.hpp"
#include "engine/report/ppc_report.hpp"
#include "engine/report/render.hpp"
#include "engine/report/table_heading.hpp"
#include "engine/report/text_table.hpp"

namespace merit {
namespace {

using Align = TextTable::Align;

/// Blank for what is absent.
std::string cell(const std::optional<double>& value, double scale) {
  return value ? number_text(*value, scale) : "";
}

/// R's confint headers: "2.5 %", "97.5 %".
void add_interval_columns(TextTable& table, double level) {
  table.add_column(fmt::format("{:.7g} %", 50.0 * (1.0 - level)), Align::decimal);
  table.add_column(fmt::format("{:.7g} %", 50.0 * (1.0 + level)), Align::decimal);
}

std::vector<TidyRow> rows_of(const Report& report, const std::string& effect) {
  std::vector<TidyRow> rows;
  std::copy_if(report.tidy.begin(),
               report.tidy.end(),
               std::back_inserter(rows),
               [&](const TidyRow& row) { return row.effect == effect; });
  return rows;
}

/// Variance parameters of a fit: estimates without standard errors, perhaps with intervals.
TextTable variance_table(const std::vector<TidyRow>& rows,
                         std::optional<double> icc,
                         double level) {
  const bool intervals = std::any_of(rows.begin(), rows.end(), [](const TidyRow& row) {
    return row.conf_low.has_value();
  });
  TextTable table;
  table.add_column("Group", Align::left);
  table.add_column("Term", Align::left);
  table.add_column("Std.Dev.", Align::decimal);
  table.add_column("Variance", Align::decimal);
  table.add_column("ICC", Align::decimal);
  if (intervals) add_interval_columns(table, level);
  for (const TidyRow& row : rows) {
    const double sd = row.estimate.value_or(NAN);
    std::vector<std::string> cells = {
        row.group,
        row.term,
        number_text(sd, sd),
        number_text(sd * sd, sd * sd),
        row.group == "Residual" || !icc ? "" : fmt::format("{:.4f}", *icc)};
    if (intervals) {
      cells.push_back(cell(row.conf_low, sd));
      cells.push_back(cell(row.conf_high, sd));
    }
    table.add_row(std::move(cells));
  }
  return table;
}

TextTable wald_table(const std::vector<TidyRow>& rows, double level) {
  const bool with_df = std::any_of(
      rows.begin(), rows.end(), [](const TidyRow& row) { return row.df.has_value(); });
  TextTable table;
  table.add_column("Term", Align::left);
  table.add_column("Estimate", Align::decimal);
  table.add_column("Std.Error", Align::decimal);
  if (with_df) table.add_column("df", Align::decimal);
  table.add_column("Statistic", Align::decimal);
  table.add_column("p", Align::decimal);
  add_interval_columns(table, level);
  for (const TidyRow& row : rows) {
    const double scale = row.std_error.value_or(NAN);
    std::vector<std::string> cells = {
        row.term, cell(row.estimate, scale), cell(row.std_error, scale)};
    if (with_df) cells.push_back(row.df ? fmt::format("{:.6g}", *row.df) : "");
    cells.push_back(row.statistic ? fmt::format("{:.3f}", *row.statistic) : "");
    cells.push_back(row.p_value ? p_value_text(*row.p_value) : "");
    cells.push_back(cell(row.conf_low, scale));
    cells.push_back(cell(row.conf_high, scale));
    table.add_row(std::move(cells));
  }
  return table;
}

/// Tests of hypotheses; contrasts of one row with their estimates.
TextTable test_table(const std::vector<TestResult>& tests) {
  TextTable table;
  table.add_column("Hypothesis", Align::left);
  const bool estimates = std::any_of(tests.begin(), tests.end(), [](const TestResult& t) {
    return t.estimate.has_value();
  });
  if (estimates) {
    table.add_column("Estimate", Align::decimal);
    table.add_column("Std.Error", Align::decimal);
  }
  table.add_column("", Align::left);
  table.add_column("Statistic", Align::decimal);
  table.add_column("df", Align::decimal);
  table.add_column("den.df", Align::decimal);
  table.add_column("p", Align::decimal);
  table.add_column("Method", Align::left);
  const auto df = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.6g}", *value) : "";
  };
  for (const TestResult& test : tests) {
    std::vector<std::string> cells = {test.hypothesis};
    if (estimates) {
      const double scale = test.std_error.value_or(NAN);
      cells.push_back(cell(test.estimate, scale));
      cells.push_back(cell(test.std_error, scale));
    }
    cells.push_back(test.statistic_name);
    cells.push_back(fmt::format("{:.3f}", test.statistic));
    cells.push_back(df(test.num_df));
    cells.push_back(df(test.den_df));
    cells.push_back(std::isnan(test.p_value) ? "" : p_value_text(test.p_value));
    cells.push_back(test.method);
    table.add_row(std::move(cells));
  }
  return table;
}

/// The larger of the two ends' Monte-Carlo errors.
std::string mcse_text(const TidyRow& row) {
  const double mcse =
      std::max(row.conf_low_mcse.value_or(NAN), row.conf_high_mcse.value_or(NAN));
  return std::isfinite(mcse) ? fmt::format("{:.2g}", mcse) : "";
}

/// Bootstrap rows: what repeats from one interval type to the next is printed once.
TextTable replicate_table(const std::vector<TidyRow>& rows, double level) {
  TextTable table;
  table.add_column("Term", Align::left);
  table.add_column("Estimate", Align::decimal);
  table.add_column("Bias", Align::decimal);
  table.add_column("Std.Error", Align::decimal);
  const bool tests = std::any_of(rows.begin(), rows.end(), [](const TidyRow& row) {
    return row.p_value.has_value();
  });
  if (tests) table.add_column("p", Align::decimal);
  add_interval_columns(table, level);
  table.add_column("MCSE", Align::decimal);
  table.add_column("Interval", Align::left);
  const TidyRow* last = nullptr;
  for (const TidyRow& row : rows) {
    const double scale = row.std_error.value_or(NAN);
    const bool again =
        last != nullptr && last->term == row.term && last->group == row.group;
    std::vector<std::string> cells = {again ? "" : row.term,
                                      again ? "" : cell(row.estimate, scale),
                                      again ? "" : cell(row.bias, scale),
                                      again ? "" : cell(row.std_error, scale)};
    if (tests) {
      const bool same = again && last->p_value == row.p_value;
      cells.push_back(same || !row.p_value ? "" : p_value_text(*row.p_value));
    }
    cells.push_back(cell(row.conf_low, scale));
    cells.push_back(cell(row.conf_high, scale));
    cells.push_back(mcse_text(row));
    cells.push_back(row.conf_type);
    table.add_row(std::move(cells));
    last = &row;
  }
  return table;
}

TextTable posterior_table(const std::vector<TidyRow>& rows, double level, bool by_level) {
  TextTable table;
  const bool by_prior = !rows.empty() && !rows.front().prior.empty();
  table.add_column(by_level && !rows.empty() ? rows.front().group : "Term", Align::left);
  if (by_prior) table.add_column("Prior", Align::left);
  table.add_column("Mean", Align::decimal);
  table.add_column("SD", Align::decimal);
  add_interval_columns(table, level);
  table.add_column("MCSE", Align::decimal);
  table.add_column("R-hat", Align::decimal);
  table.add_column("ESS bulk", Align::decimal);
  table.add_column("tail", Align::decimal);
  if (!by_level) {
    table.add_column("Sens. prior", Align::decimal);
    table.add_column("lik.", Align::decimal);
  }
  std::string last;  // a term's name stands once
  for (const TidyRow& row : rows) {
    const double scale = row.std_error.value_or(NAN);
    const auto short_text = [](const std::optional<double>& value) {
      return value && std::isfinite(*value) ? fmt::format("{:.3f}", *value) : "";
    };
    const auto count = [](const std::optional<double>& value) {
      return value && std::isfinite(*value) ? fmt::format("{:.0f}", *value) : "";
    };
    std::vector<std::string> cells = {by_level ? row.level : row.term};
    if (by_prior) {
      if (cells.front() == last) cells.front().clear();
      last = by_level ? row.level : row.term;
      cells.push_back(row.prior);
    }
    cells.insert(
        cells.end(),
        {cell(row.estimate, scale),
         cell(row.std_error, scale),
         cell(row.conf_low, scale),
         cell(row.conf_high, scale),
         row.mcse && std::isfinite(*row.mcse) ? fmt::format("{:.2g}", *row.mcse) : "",
         row.rhat && std::isfinite(*row.rhat) ? fmt::format("{:.4f}", *row.rhat) : "",
         count(row.ess_bulk),
         count(row.ess_tail)});
    if (!by_level) {
      cells.push_back(short_text(row.prior_sensitivity));
      cells.push_back(short_text(row.likelihood_sensitivity));
    }
    table.add_row(std::move(cells));
  }
  return table;
}

/// In the order of a caterpillar plot: by mode.
TextTable mode_table(std::vector<TidyRow> rows, double level) {
  std::stable_sort(rows.begin(), rows.end(), [](const TidyRow& a, const TidyRow& b) {
    return a.estimate.value_or(0.0) < b.estimate.value_or(0.0);
  });
  TextTable table;
  table.add_column(rows.empty() ? "Group" : rows.front().group, Align::left);
  table.add_column("Mode", Align::decimal);
  table.add_column("Cond.SD", Align::decimal);
  add_interval_columns(table, level);
  for (const TidyRow& row : rows) {
    const double scale = row.std_error.value_or(NAN);
    table.add_row({row.level,
                   cell(row.estimate, scale),
                   cell(row.std_error, scale),
                   cell(row.conf_low, scale),
                   cell(row.conf_high, scale)});
  }
  return table;
}

std::string closing(const Report& report) {
  const Glance& g = report.glance;
  std::vector<std::string> notes;
  if (g.draws) {
    // The fit is not what is reported here.
  } else if (!g.message.empty()) {
    notes.push_back(g.message);
  } else if (!g.converged) {
    notes.emplace_back("the fit did not converge");
  } else if (g.boundary) {
    notes.emplace_back("boundary fit: sd__(Intercept) is estimated as 0");
  }
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  std::string out = notes.empty() ? "" : "\n";
  for (const std::string& note : notes)
    out += "Note: " + note + "\n";
  return out;
}

}  // namespace

std::string to_table(const Report& report) {
  // Replicates of a test statistic say nothing of estimates: these are then shown as a fit's.
  const bool replicates = report.glance.replicates && report.tests.empty();
  const std::vector<TidyRow> fixed = rows_of(report, "fixed");
  const std::vector<TidyRow> variances = rows_of(report, "ran_pars");
  const std::vector<TidyRow> modes = rows_of(report, "ran_vals");

  std::string out = heading(report);
  const auto section = [&out](const std::string& name, const TextTable& table) {
    if (!table.empty()) out += "\n" + name + "\n" + table.text("  ");
  };
  if (report.glance.draws) {
    section("Standard deviations", posterior_table(variances, report.level, false));
    section("Fixed effects", posterior_table(fixed, report.level, false));
    section("Group intercepts", posterior_table(modes, report.level, true));
    section("Leave-one-out and WAIC", loo_table(report.loo));
    const bool of_prior = !report.ppc.empty() && report.ppc.front().of_prior;
    section(of_prior ? "Prior predictive checks" : "Posterior predictive checks",
            ppc_table(report.ppc));
    // As many rows as group intercepts: where these are shown.
    if (!modes.empty()) {
      section("Group means, observed and replicated",
              ppc_group_table(report.ppc, report.data.group.name));
    }
    return out + closing(report);
  }
  section("Random effects",
          replicates ? replicate_table(variances, report.level)
                     : variance_table(variances, report.glance.icc, report.level));
  section("Fixed effects",
          replicates ? replicate_table(fixed, report.level)
                     : wald_table(fixed, report.level));
  if (replicates) {
    section("Quantities", replicate_table(rows_of(report, "quantity"), report.level));
  }
  section("Tests", test_table(report.tests));
  section("Random intercepts, by conditional mode", mode_table(modes, report.level));
  return out + closing(report);
}

}  // namespace merit
