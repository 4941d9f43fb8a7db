// SPDX-License-Identifier: MIT
#include "engine/report/table_heading.hpp"

#include <cctype>
#include <cmath>
#include <type_traits>

#include <fmt/format.h>

#include "engine/report/text_table.hpp"

namespace merit {
namespace {

std::string upper(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// "Linear mixed model fit by REML", "Bootstrap of a linear mixed model fit by ML"
std::string title(const Report& report) {
  const bool linear =
      report.model.family == "gaussian" && report.model.link == "identity";
  std::string kind = linear ? "linear mixed model"
                            : fmt::format("generalised linear mixed model ({}, {})",
                                          report.model.family,
                                          report.model.link);
  if (report.command == "sample") return "Posterior of a " + kind;
  if (report.command == "bootstrap") {
    kind = "Bootstrap of a " + kind;
  } else {
    kind.front() =
        static_cast<char>(std::toupper(static_cast<unsigned char>(kind.front())));
  }
  const std::optional<QuadratureError>& quadrature = report.glance.quadrature;
  const bool points = quadrature && report.model.method == "agq";
  return kind + " fit by " +
         (report.model.method == "laplace" ? "Laplace's approximation"
          : points ? fmt::format("{}-point adaptive quadrature", quadrature->num_nodes)
                   : upper(report.model.method));
}

std::string value_text(const AttributeValue& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using Value = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<Value, std::string>) return v;
        if constexpr (std::is_same_v<Value, bool>) return v ? "yes" : "no";
        if constexpr (std::is_same_v<Value, std::int64_t>) return with_separators(v);
        if constexpr (std::is_same_v<Value, double>) return fmt::format("{:g}", v);
      },
      value);
}

/// "age 21, contact 41"; columns without missing values are left out
std::string dropped_text(const DataInfo& data) {
  std::string out;
  for (const auto& [column, count] : data.rows_dropped) {
    if (count == 0) continue;
    out +=
        fmt::format("{}{} {}", out.empty() ? "" : ", ", column, with_separators(count));
  }
  return out;
}

std::string replicates_text(const ReplicateCounts& counts) {
  const std::int64_t num_failed = counts.num_failed();
  std::string out = fmt::format("{}: {} used, {} failed",
                                with_separators(counts.total()),
                                with_separators(counts.total() - num_failed),
                                with_separators(num_failed));
  std::string reasons;
  for (std::size_t code = 0; code < counts.by_status.size(); ++code) {
    const auto status = static_cast<ReplicateStatus>(code);
    if (!failed(status) || counts.by_status[code] == 0) continue;
    reasons += fmt::format("{}{} {}",
                           reasons.empty() ? "" : ", ",
                           name(status),
                           with_separators(counts.by_status[code]));
  }
  if (!reasons.empty()) out += " (" + reasons + ")";
  return out;
}

/// "exact independent draws (98% of proposals accepted)", "… (75% accepted, Pareto k 0.1)"
std::string sampler_text(const Attributes& sampler) {
  std::string method, acceptance, k, reason;
  for (const auto& [key, value] : sampler) {
    if (key == "method") method = value_text(value);
    if (key == "reason") reason = ", for " + value_text(value);
    if (key == "acceptance" && std::holds_alternative<double>(value)) {
      acceptance =
          fmt::format(" ({:.0f}% of proposals accepted", 100.0 * std::get<double>(value));
    }
    if (key == "pareto_k" && std::holds_alternative<double>(value))
      k = fmt::format(", Pareto k {:.2f}", std::get<double>(value));
  }
  return method + (acceptance.empty() ? "" : acceptance + k + ")") + reason;
}

}  // namespace

/// What was fitted to what.
std::string heading(const Report& report) {
  const DataInfo& data = report.data;
  const Glance& g = report.glance;
  std::string out = title(report) + "\n";
  const auto line = [&out](const std::string& label, const std::string& text) {
    out += fmt::format("{:<11} {}\n", label, text);
  };
  line("Formula", report.model.formula);
  line("Data",
       fmt::format("{}: {} rows used of {}",
                   data.file,
                   with_separators(data.rows_used),
                   with_separators(data.rows_read)));
  if (data.rows_excluded_by_where > 0) {
    line("", with_separators(data.rows_excluded_by_where) + " excluded by --where");
  }
  if (const std::string dropped = dropped_text(data); !dropped.empty()) {
    line("", "dropped for missing values: " + dropped);
  }
  const GroupInfo& groups = data.group;
  line("Groups",
       fmt::format("{}: {}, {}",
                   groups.name,
                   with_separators(groups.count),
                   groups.min == groups.max
                       ? fmt::format("of {} rows each", with_separators(groups.min))
                       : fmt::format("with {} to {} rows (median {:g})",
                                     with_separators(groups.min),
                                     with_separators(groups.max),
                                     groups.median)));
  std::string options;
  for (const auto& [key, value] : report.options) {
    options +=
        fmt::format("{}{} {}", options.empty() ? "" : ", ", key, value_text(value));
  }
  if (!options.empty()) line("Options", options);
  if (g.replicates) {
    line("Replicates", replicates_text(*g.replicates));
    if (const std::int64_t boundary = g.replicates->boundary(); boundary > 0) {
      line("", with_separators(boundary) + " on the boundary: sd__(Intercept) is 0");
    }
  }
  if (g.draws) {
    line("Draws",
         fmt::format("{} chains of {}, by {}",
                     g.draws->num_chains,
                     with_separators(g.draws->draws_per_chain),
                     sampler_text(g.draws->sampler)));
    std::string label = "Priors";
    for (const auto& [parameter, distribution] : g.draws->priors) {
      line(label, parameter + " ~ " + distribution);
      label.clear();
    }
    return out;
  }
  if (std::isfinite(g.log_likelihood))
    line("Likelihood",
         fmt::format("logLik {:.4f}, deviance {:.4f}, AIC {:.4f}, BIC {:.4f}",
                     g.log_likelihood,
                     g.deviance,
                     g.aic,
                     g.bic));
  if (g.response_icc && g.icc) {
    line("ICC",
         fmt::format("{:.4f} on the latent scale, {:.4f} on the response's, at the mean "
                     "linear predictor",
                     *g.icc,
                     *g.response_icc));
  }
  if (g.quadrature) {
    line("Quadrature",
         fmt::format(
             "with {} points for {}: logLik {:+.2g}, standard errors within {:.2g}%",
             2 * g.quadrature->num_nodes + 1,
             g.quadrature->num_nodes,
             g.quadrature->log_likelihood,
             100.0 * g.quadrature->std_error));
  }
  return out;
}

}  // namespace merit
