// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "engine/fit/fit_result.hpp"
#include "engine/model/family.hpp"
#include "engine/model/weight_scaling.hpp"

namespace CLI {
class App;
}

namespace merit {

/// Which model, on which rows of which table.
struct ModelOptions {
  std::string snapshot;
  std::string formula;
  std::string table = "/data";
  std::optional<std::string> where;
  std::optional<std::string> offset;
  std::optional<std::string> trials;
  std::optional<std::string> fweights;
  std::optional<std::string> pweights;
  std::optional<std::string> group_pweights;
  std::optional<WeightScaling> weight_scaling;  ///< none: by size
  std::string family = "gaussian";
  std::string link;                    ///< empty: the family's own
  std::string method;                  ///< empty: the family's own
  std::string nagq;                    ///< quadrature points or "auto"; empty: 7
  std::optional<Criterion> pql_inner;  ///< none: REML
  std::optional<bool> pql_free_scale;  ///< none: estimated
  bool drop_collinear = false;
  std::optional<std::string> null;  ///< formula of a nested model to compare with

  // Of a validated model.
  bool is_gaussian() const { return family == "gaussian"; }
  Family family_kind() const;
  Link link_kind() const;
  std::string method_name() const;
  Criterion criterion() const;
  int num_nodes() const;  ///< to begin with
  bool has_sampling_weights() const { return pweights || group_pweights; }
  bool is_quasi() const { return method == "pql" || method == "mql"; }
};

/// Adds SNAPSHOT, FORMULA and the options of the model.
void add_model(CLI::App& app, ModelOptions& model);

/// The options of quasi-likelihood alone.
void add_quasi(CLI::App& app, ModelOptions& model);

/// --null, of commands that compare models.
void add_null(CLI::App& app, ModelOptions& model);

/// @throws UsageError if the options contradict each other
void validate(const ModelOptions& model);

/// @throws UsageError if there are sampling weights. @param why  ends the sentence
void refuse_sampling_weights(const ModelOptions& model, const std::string& why);

}  // namespace merit
