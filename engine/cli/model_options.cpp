// SPDX-License-Identifier: MIT
#include "engine/cli/model_options.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"
#include "engine/fit/quadrature_rule.hpp"

namespace merit {
namespace {

const Words<Criterion> kCriteria = {{"ml", Criterion::ml}, {"reml", Criterion::reml}};
const Words<WeightScaling> kWeightScalings = {{"effective", WeightScaling::effective},
                                              {"none", WeightScaling::none},
                                              {"size", WeightScaling::size}};
const Words<bool> kScales = {{"1", false}, {"free", true}};

void validate_nagq(const ModelOptions& model) {
  if (model.nagq.empty()) return;
  const std::string method = model.method_name();
  if (method != "agq" && !(method == "laplace" && model.nagq == "1")) {
    throw UsageError(
        fmt::format("--nagq {} goes with --method agq, not {}", model.nagq, method));
  }
  if (model.nagq == "auto") return;
  int points = 0;
  const char* const end = model.nagq.data() + model.nagq.size();
  const auto [stop, error] = std::from_chars(model.nagq.data(), end, points);
  if (error != std::errc() || stop != end || points < 1 || points > kMostNodes) {
    throw UsageError(
        fmt::format("--nagq {}: give a number of points from 1 to {}, or auto",
                    model.nagq,
                    kMostNodes));
  }
}

void validate_weights(const ModelOptions& model) {
  if (model.weight_scaling && !model.pweights) {
    throw UsageError(
        fmt::format("--weight-scaling {} is of --pweights, which are not given",
                    name(*model.weight_scaling)));
  }
  if (!model.has_sampling_weights()) return;
  const auto refuse = [&](const std::string& why) {
    refuse_sampling_weights(model, why);
  };
  if (model.fweights) {
    refuse(
        "sampling weights and --fweights cannot be combined: write the rows out, or "
        "leave "
        "one of them out");
  }
  if (model.is_quasi()) {
    refuse(fmt::format("--method {} has no likelihood to weight; use agq or laplace",
                       model.method));
  }
  if (model.is_gaussian() && model.criterion() == Criterion::reml)
    refuse("a weighted likelihood has no restricted form: give --method ml");
  if (model.null) {
    refuse(
        "likelihood ratios of weighted likelihoods do not have the distribution that "
        "--null needs; use --contrast");
  }
}

}  // namespace

void refuse_sampling_weights(const ModelOptions& model, const std::string& why) {
  if (!model.has_sampling_weights()) return;
  throw UsageError(fmt::format("{}: {}",
                               model.pweights
                                   ? "--pweights " + *model.pweights
                                   : "--group-pweights " + *model.group_pweights,
                               why));
}

void add_model(CLI::App& app, ModelOptions& model) {
  app.add_option("SNAPSHOT", model.snapshot, "HDF5 file with the data")
      ->required()
      ->type_name("");
  app.add_option("FORMULA", model.formula, "R's: 'y ~ x + (1 | group)'")
      ->required()
      ->type_name("");
  app.add_option("--table", model.table, "data frame in the file (default /data)")
      ->type_name("PATH");
  app.add_option("--where", model.where, "rows to use, e.g. 'wave == 2019'")
      ->type_name("EXPR");
  app.add_option("--offset", model.offset, "column whose coefficient is fixed at 1")
      ->type_name("COLUMN");
  app.add_option("--trials", model.trials, "column of binomial trials of a proportion")
      ->type_name("COLUMN");
  app.add_option("--fweights",
                 model.fweights,
                 "column of frequency weights: how many rows each row stands for")
      ->type_name("COLUMN");
  app.add_option("--pweights",
                 model.pweights,
                 "column of sampling weights of rows, given that their group is sampled")
      ->type_name("COLUMN");
  app.add_option(
         "--group-pweights", model.group_pweights, "column of sampling weights of groups")
      ->type_name("COLUMN");
  add_choice(
      app,
      "--weight-scaling",
      model.weight_scaling,
      kWeightScalings,
      "of --pweights within groups: to add up to the group's rows (size, default), "
      "to its effective sample size, or none");
  app.add_option("--family",
                 model.family,
                 "gaussian (default), binomial, poisson, negbinomial, ordinal")
      ->type_name("FAMILY");
  app.add_option("--link",
                 model.link,
                 "identity, logit, probit, cloglog, log (default: the family's own)")
      ->type_name("LINK");
  app.add_option("--method",
                 model.method,
                 "gaussian: reml (default), ml; others: agq (default), laplace, pql, mql")
      ->type_name("METHOD");
  app.add_option(
         "--nagq", model.nagq, "quadrature points, or auto; 1 is Laplace (default 7)")
      ->type_name("K|auto");
  app.add_flag("--drop-collinear",
               model.drop_collinear,
               "leave out columns that earlier ones determine, as R does");
}

void add_quasi(CLI::App& app, ModelOptions& model) {
  add_choice(app,
             "--pql-inner",
             model.pql_inner,
             kCriteria,
             "of pql's and mql's working model (default reml)");
  add_choice(app,
             "--pql-scale",
             model.pql_free_scale,
             kScales,
             "its residual sd: estimated or 1 (default free)");
}

void add_null(CLI::App& app, ModelOptions& model) {
  app.add_option("--null",
                 model.null,
                 "a nested model to test against: a formula with some fixed effects less")
      ->type_name("FORMULA");
}

void validate(const ModelOptions& model) {
  if (model.snapshot.empty()) {
    throw UsageError("SNAPSHOT has no name: give the HDF5 file with the data");
  }
  const Family family = parse_family(model.family);
  parse_link(family, model.link);
  const std::vector<std::string> methods =
      family == Family::gaussian
          ? std::vector<std::string>{"reml", "ml"}
          : std::vector<std::string>{"agq", "laplace", "pql", "mql"};
  if (!model.method.empty() &&
      std::find(methods.begin(), methods.end(), model.method) == methods.end()) {
    throw UsageError(fmt::format("--method {}: family {} takes method {}",
                                 model.method,
                                 model.family,
                                 fmt::join(methods, " or ")));
  }
  if (model.trials && family != Family::binomial) {
    throw UsageError(
        fmt::format("--trials {}: only --family binomial has trials", *model.trials));
  }
  const bool quasi_family = family == Family::binomial || family == Family::poisson;
  if (model.is_quasi() && !quasi_family) {
    throw UsageError(
        fmt::format("--method {}: quasi-likelihood is for binomial and poisson; family "
                    "{} takes agq or "
                    "laplace",
                    model.method,
                    model.family));
  }
  if ((model.pql_inner || model.pql_free_scale) && !model.is_quasi()) {
    throw UsageError(fmt::format("{} goes with --method pql or mql, not {}",
                                 model.pql_inner ? "--pql-inner" : "--pql-scale",
                                 model.method_name()));
  }
  if (model.null && model.is_quasi()) {
    throw UsageError(
        fmt::format("--null compares likelihoods, which --method {} does not have; use "
                    "agq or laplace",
                    model.method));
  }
  validate_nagq(model);
  validate_weights(model);
}

Family ModelOptions::family_kind() const {
  return parse_family(family);
}

Link ModelOptions::link_kind() const {
  return parse_link(family_kind(), link);
}

std::string ModelOptions::method_name() const {
  return !method.empty() ? method : is_gaussian() ? "reml" : "agq";
}

int ModelOptions::num_nodes() const {
  if (method == "laplace") return 1;
  return nagq.empty() || nagq == "auto" ? 7 : std::stoi(nagq);
}

Criterion ModelOptions::criterion() const {
  return method == "ml" ? Criterion::ml : Criterion::reml;
}

}  // namespace merit
