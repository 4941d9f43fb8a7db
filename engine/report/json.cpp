// SPDX-License-Identifier: MIT
#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/report/render.hpp"

namespace merit {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

template <class Value>
Json value_or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);  // dump() turns NaN and infinities to null
}

/// As value_or_null, but an infinite estimate (separation) is no missing one: "Inf", "-Inf",
/// which R's as.numeric and Python's float read.
Json estimate_or_null(const std::optional<double>& value) {
  if (value && std::isinf(*value)) return Json(*value > 0.0 ? "Inf" : "-Inf");
  return value_or_null(value);
}

Json json_of(const Attributes& attributes) {
  Json out = Json::object();
  for (const auto& [key, value] : attributes) {
    std::visit([&out, &name = key](const auto& v) { out[name] = v; }, value);
  }
  return out;
}

Json json_of(const ModelInfo& model) {
  return {{"formula", model.formula},
          {"family", model.family},
          {"link", model.link},
          {"method", model.method},
          {"nagq", value_or_null(model.nagq)}};
}

Json json_of(const DataInfo& data) {
  Json dropped = Json::object();
  for (const auto& [column, count] : data.rows_dropped)
    dropped[column] = count;
  return {{"file", data.file},
          {"digest", data.digest},
          {"rows_read", data.rows_read},
          {"rows_excluded_by_where", data.rows_excluded_by_where},
          {"rows_used", data.rows_used},
          {"rows_dropped", dropped},
          {"group",
           {{"name", data.group.name},
            {"count", data.group.count},
            {"min", data.group.min},
            {"median", data.group.median},
            {"max", data.group.max}}}};
}

Json json_of(const Glance& glance) {
  Json out = {{"nobs", glance.num_obs},
              {"ngroups", glance.num_groups},
              {"logLik", glance.log_likelihood},
              {"deviance", glance.deviance},
              {"AIC", glance.aic},
              {"BIC", glance.bic},
              {"sigma", value_or_null(glance.sigma)},
              {"icc", value_or_null(glance.icc)},
              {"df.residual", glance.df_residual},
              {"converged", glance.converged},
              {"boundary", glance.boundary},
              {"iterations", glance.iterations},
              {"message", text_or_null(glance.message)}};
  if (glance.response_icc) out["icc.response"] = *glance.response_icc;
  if (glance.quadrature) {
    out["quadrature"] = {{"nodes", glance.quadrature->num_nodes},
                         {"logLik.error", glance.quadrature->log_likelihood},
                         {"std.error.error", glance.quadrature->std_error}};
  }
  if (glance.replicates) {
    const ReplicateCounts& counts = *glance.replicates;
    out["replicates"] = counts.total();
    out["failed"] = counts.num_failed();
    out["boundary"] =
        counts.boundary();  // replicates with τ̂ = 0 instead of the fit's flag
    Json by_status = Json::object();
    for (std::size_t code = 0; code < counts.by_status.size(); ++code) {
      by_status[std::string(name(static_cast<ReplicateStatus>(code)))] =
          counts.by_status[code];
    }
    out["by_status"] = by_status;
    if (!counts.undefined.empty()) {
      Json undefined = Json::object();
      for (const auto& [quantity, count] : counts.undefined)
        undefined[quantity] = count;
      out["undefined"] = undefined;
    }
  }
  if (glance.draws) {
    const DrawCounts& draws = *glance.draws;
    out["chains"] = draws.num_chains;
    out["draws"] = draws.num_chains * draws.draws_per_chain;
    out["sampler"] = json_of(draws.sampler);
    Json priors = Json::object();
    for (const auto& [parameter, distribution] : draws.priors)
      priors[parameter] = distribution;
    out["priors"] = priors;
  }
  return out;
}

Json json_of(const TidyRow& row, bool replicates) {
  Json out = {{"effect", row.effect},
              {"group", text_or_null(row.group)},
              {"level", row.effect == "ran_vals" ? Json(row.level) : Json(nullptr)},
              {"term", row.term},
              {"estimate", estimate_or_null(row.estimate)}};
  if (replicates) out["bias"] = value_or_null(row.bias);
  out["std.error"] = value_or_null(row.std_error);
  out["statistic"] = value_or_null(row.statistic);
  out["df"] = value_or_null(row.df);
  out["p.value"] = value_or_null(row.p_value);
  out["conf.low"] = value_or_null(row.conf_low);
  out["conf.high"] = value_or_null(row.conf_high);
  out["conf.type"] = text_or_null(row.conf_type);
  if (replicates) {
    out["conf.low.mcse"] = value_or_null(row.conf_low_mcse);
    out["conf.high.mcse"] = value_or_null(row.conf_high_mcse);
  }
  if (row.rhat) {
    out["rhat"] = *row.rhat;
    out["ess_bulk"] = value_or_null(row.ess_bulk);
    out["ess_tail"] = value_or_null(row.ess_tail);
    out["mcse"] = value_or_null(row.mcse);
    if (row.prior_sensitivity) {
      out["psens_prior"] = *row.prior_sensitivity;
      out["psens_likelihood"] = value_or_null(row.likelihood_sensitivity);
    }
    if (!row.prior.empty()) out["prior"] = row.prior;
  }
  return out;
}

Json json_of(const TestResult& test) {
  Json out = {{"kind", test.kind}, {"hypothesis", test.hypothesis}};
  if (test.estimate) {
    out["estimate"] = *test.estimate;
    out["null.value"] = value_or_null(test.null_value);
    out["std.error"] = value_or_null(test.std_error);
  }
  out["statistic.name"] = test.statistic_name;
  out["statistic"] = test.statistic;
  out["num.df"] = value_or_null(test.num_df);
  out["den.df"] = value_or_null(test.den_df);
  out["p.value"] = test.p_value;
  out["method"] = test.method;
  return out;
}

Json json_of(const SumOverUnits& sum) {
  return {{"estimate", sum.estimate}, {"std.error", sum.std_error}};
}

/// An information criterion is −2 times an elpd.
Json criterion_of(const SumOverUnits& elpd) {
  return {{"estimate", -2.0 * elpd.estimate}, {"std.error", 2.0 * elpd.std_error}};
}

Json json_of(const LeaveOneOut& loo) {
  Json out = {{"unit", loo.unit}};
  if (!loo.prior.empty()) out["prior"] = loo.prior;
  out["n"] = loo.count;
  out["elpd_loo"] = json_of(loo.elpd_loo);
  out["p_loo"] = json_of(loo.p_loo);
  out["looic"] = criterion_of(loo.elpd_loo);
  out["mcse_elpd_loo"] = loo.mcse_elpd_loo;
  out["pareto_k"] = {{"threshold", loo.k_threshold},
                     {"good", loo.k_good},
                     {"bad", loo.k_bad},
                     {"very_bad", loo.k_very_bad},
                     {"largest", loo.largest_k}};
  out["elpd_waic"] = json_of(loo.elpd_waic);
  out["p_waic"] = json_of(loo.p_waic);
  out["waic"] = criterion_of(loo.elpd_waic);
  out["p_waic_above_0.4"] = loo.p_waic_large;
  return out;
}

Json json_of(const PredictiveCheck& check) {
  return {{"observed", check.observed},
          {"mean", check.mean},
          {"sd", check.sd},
          {"p.value", check.p_value},
          {"p.equal", check.p_equal}};
}

Json json_of(const PredictiveChecks& checks) {
  Json out = Json::object();
  if (!checks.prior.empty()) out["prior"] = checks.prior;
  const auto list = [](const std::vector<PredictiveChecks::Named>& of, const char* what) {
    Json items = Json::array();
    for (const auto& [label, check] : of) {
      Json item = {{what, label}};
      item.update(json_of(check));
      items.push_back(std::move(item));
    }
    return items;
  };
  out["statistics"] = list(checks.statistics, "statistic");
  out["group_means"] = list(checks.group_means, "level");
  return out;
}

Json json_of(const CoefficientCovariance& vcov) {
  Json matrix = Json::array();
  for (Eigen::Index i = 0; i < vcov.matrix.rows(); ++i) {
    Json row = Json::array();
    for (Eigen::Index j = 0; j < vcov.matrix.cols(); ++j)
      row.push_back(vcov.matrix(i, j));
    matrix.push_back(std::move(row));
  }
  return {{"names", vcov.names}, {"matrix", std::move(matrix)}};
}

}  // namespace

std::string to_json(const Report& report) {
  Json tidy = Json::array();
  for (const TidyRow& row : report.tidy) {
    tidy.push_back(json_of(row, report.glance.replicates.has_value()));
  }
  Json tests = Json::array();
  for (const TestResult& test : report.tests)
    tests.push_back(json_of(test));
  Json profile = Json::array();
  for (const ProfiledParameter& curve : report.profile) {
    profile.push_back(
        {{"term", curve.term}, {"value", curve.value}, {"zeta", curve.zeta}});
  }
  Json out = {{"command", report.command},
              {"version", report.version},
              {"model", json_of(report.model)},
              {"data", json_of(report.data)},
              {"options", json_of(report.options)},
              {"conf.level", report.level},
              {"glance", json_of(report.glance)},
              {"tidy", std::move(tidy)},
              {"tests", std::move(tests)},
              {"profile", std::move(profile)},
              {"vcov", json_of(report.vcov)},
              {"notes", report.notes},
              {"provenance", json_of(report.provenance)}};
  if (!report.loo.empty()) {
    Json loo = Json::array();
    for (const LeaveOneOut& unit : report.loo)
      loo.push_back(json_of(unit));
    out["loo"] = std::move(loo);
  }
  if (!report.ppc.empty()) {
    Json ppc = Json::array();
    for (const PredictiveChecks& checks : report.ppc)
      ppc.push_back(json_of(checks));
    out["ppc"] = std::move(ppc);
  }
  // A level or path that is not UTF-8 shows as U+FFFD instead of ending the program.
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace merit
