// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "engine/report/csv_field.hpp"
#include "engine/report/render.hpp"

namespace merit {
namespace {

std::string field(const std::string& text) {
  return csv_field(text);
}

std::string field(const std::optional<double>& value) {
  return value ? csv_field(*value) : "";
}

}  // namespace

std::string to_csv(const Report& report) {
  const bool replicates = report.glance.replicates.has_value();
  const bool with_draws = report.glance.draws.has_value();
  const bool with_priors = !report.tidy.empty() && !report.tidy.front().prior.empty();
  std::string out = fmt::format(
      "effect,group,level,term,estimate,{}std.error,statistic,df,p.value,conf.low,"
      "conf.high,conf.type{}{}{}\n",
      replicates ? "bias," : "",
      replicates ? ",conf.low.mcse,conf.high.mcse" : "",
      with_draws ? ",rhat,ess_bulk,ess_tail,mcse,psens_prior,psens_likelihood" : "",
      with_priors ? ",prior" : "");
  for (const TidyRow& row : report.tidy) {
    out += fmt::format("{},{},{},{},{},{}{},{},{},{},{},{},{}",
                       field(row.effect),
                       field(row.group),
                       field(row.level),
                       field(row.term),
                       field(row.estimate),
                       replicates ? field(row.bias) + "," : "",
                       field(row.std_error),
                       field(row.statistic),
                       field(row.df),
                       field(row.p_value),
                       field(row.conf_low),
                       field(row.conf_high),
                       field(row.conf_type));
    if (replicates)
      out += fmt::format(",{},{}", field(row.conf_low_mcse), field(row.conf_high_mcse));
    if (with_draws) {
      out += fmt::format(",{},{},{},{},{},{}",
                         field(row.rhat),
                         field(row.ess_bulk),
                         field(row.ess_tail),
                         field(row.mcse),
                         field(row.prior_sensitivity),
                         field(row.likelihood_sensitivity));
    }
    if (with_priors) out += "," + field(row.prior);
    out += '\n';
  }
  return out;
}

}  // namespace merit
