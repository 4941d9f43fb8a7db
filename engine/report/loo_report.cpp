// SPDX-License-Identifier: MIT
#include "engine/report/loo_report.hpp"

#include <cmath>

#include <fmt/format.h>

namespace merit {
namespace {

using Align = TextTable::Align;

std::string tenth(double value) {
  return std::isfinite(value) ? fmt::format("{:.1f}", value) : "";
}

std::string hundredth(double value) {
  return std::isfinite(value) ? fmt::format("{:.2f}", value) : "";
}

}  // namespace

TextTable loo_table(const std::vector<LeaveOneOut>& loo) {
  TextTable table;
  if (loo.empty()) return table;
  const bool by_prior = !loo.front().prior.empty();
  table.add_column("Left out", Align::left);
  if (by_prior) table.add_column("Prior", Align::left);
  table.add_column("n", Align::decimal);
  table.add_column("", Align::left);
  for (const char* name : {"elpd", "SE", "p", "SE", "IC", "SE"})
    table.add_column(name, Align::decimal);
  table.add_column("MCSE", Align::decimal);
  table.add_column(fmt::format("k <= {:.2f}", loo.front().k_threshold), Align::decimal);
  table.add_column("<= 1", Align::decimal);
  table.add_column("> 1", Align::decimal);
  table.add_column("Largest k", Align::decimal);
  for (const LeaveOneOut& of : loo) {
    const auto line = [&](const char* method,
                          const SumOverUnits& elpd,
                          const SumOverUnits& p,
                          bool psis) {
      std::vector<std::string> cells = {psis ? of.unit : ""};
      if (by_prior) cells.push_back(psis ? of.prior : "");
      cells.insert(cells.end(),
                   {psis ? fmt::format("{}", of.count) : "",
                    method,
                    tenth(elpd.estimate),
                    tenth(elpd.std_error),
                    tenth(p.estimate),
                    tenth(p.std_error),
                    tenth(-2.0 * elpd.estimate),
                    tenth(2.0 * elpd.std_error),
                    psis ? hundredth(of.mcse_elpd_loo) : "",
                    psis ? fmt::format("{}", of.k_good) : "",
                    psis ? fmt::format("{}", of.k_bad) : "",
                    psis ? fmt::format("{}", of.k_very_bad) : "",
                    psis ? hundredth(of.largest_k) : ""});
      table.add_row(std::move(cells));
    };
    line("loo", of.elpd_loo, of.p_loo, true);
    line("waic", of.elpd_waic, of.p_waic, false);
  }
  return table;
}

void append_loo_notes(const std::vector<LeaveOneOut>& loo,
                      std::vector<std::string>& notes) {
  for (const LeaveOneOut& of : loo) {
    if (of.k_bad + of.k_very_bad > 0) {
      notes.push_back(fmt::format(
          "{} of {} {} have a Pareto k above {:.2f}: their leave-one-out values, and the "
          "sum, are rough; more draws help, or a fit without them",
          of.k_bad + of.k_very_bad,
          of.count,
          of.unit,
          of.k_threshold));
    }
    if (of.p_waic_large > 0) {
      notes.push_back(fmt::format(
          "{} of {} {} have a p_waic above 0.4: trust leave-one-out rather than WAIC",
          of.p_waic_large,
          of.count,
          of.unit));
    }
  }
}

}  // namespace merit
