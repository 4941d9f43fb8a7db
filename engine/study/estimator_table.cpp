// SPDX-License-Identifier: MIT
#include "engine/study/estimator_table.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/fit/quadrature_rule.hpp"
#include "engine/study/inference_table.hpp"
#include "engine/study/study_formula.hpp"
#include "engine/study/table_reader.hpp"

namespace merit {
namespace {

const std::vector<std::string> kEstimatorKeys = {"name",
                                                 "method",
                                                 "nagq",
                                                 "pql_inner",
                                                 "pql_scale",
                                                 "formula",
                                                 "df",
                                                 "bootstrap",
                                                 "prior",
                                                 "chains",
                                                 "draws",
                                                 "warmup",
                                                 "point",
                                                 "command",
                                                 "timeout"};

/// The usual one first.
std::vector<std::string> methods_of(Family family) {
  switch (family) {
    case Family::gaussian:
      return {"reml", "ml", "pooled", "fixed-effects", "posterior"};
    case Family::binomial:
    case Family::poisson:
      return {"agq", "laplace", "pql", "mql", "posterior"};
    default:
      return {"agq", "laplace", "posterior"};
  }
}

class EstimatorReader {
 public:
  EstimatorReader(const std::vector<std::size_t>& data_terms,
                  bool family_known,
                  Study& study,
                  Problems& problems)
      : data_terms_(data_terms),
        family_known_(family_known),
        study_(study),
        problems_(problems) {}

  std::vector<int> read_all(const TomlNode& root) {
    std::vector<int> lines;
    const TomlNode* list = root.find("estimator");
    if (list == nullptr) {
      problems_.add(0, "[[estimator]] is missing: how the data are analysed");
      return lines;
    }
    if (list->kind != TomlNode::Kind::list) {
      problems_.add(list->line, "estimator: write [[estimator]], in two brackets");
      return lines;
    }
    std::set<std::string> names;
    for (const TomlNode& node : list->items) {
      if (node.kind != TomlNode::Kind::table) {
        problems_.add(node.line, "estimator: give a table");
        continue;
      }
      const TableReader reader(node, "[[estimator]]", kEstimatorKeys, problems_);
      StudyEstimator estimator = read_estimator(reader);
      if (!names.insert(estimator.name).second) {
        problems_.add(reader.line("name"),
                      fmt::format("two estimators are called '{}': give each a name",
                                  estimator.name));
      }
      study_.estimators.push_back(std::move(estimator));
      lines.push_back(node.line);
    }
    return lines;
  }

 private:
  StudyEstimator read_estimator(const TableReader& reader) {
    if (reader.has("command")) return read_external(reader);
    StudyEstimator out;
    if (reader.has("timeout")) reader.problem("timeout", "goes with command");
    const std::vector<std::string> methods = methods_of(study_.family);
    if (!reader.has("method")) {
      out.method = reader.has("prior") ? "posterior" : methods.front();
    } else {
      out.method =
          (family_known_ ? reader.word("method", methods) : reader.text("method"))
              .value_or("");
    }
    out.name = reader.text("name").value_or(out.method);
    const auto nagq =
        reader.number("nagq", {.low = 1, .high = kMostNodes, .whole = true});
    out.num_nodes = static_cast<int>(nagq.value_or(7.0));
    const bool has_nodes =
        out.method == "agq" || (out.method == "posterior" && !study_.is_gaussian());
    if (reader.has("nagq") && !has_nodes && !out.method.empty())
      reader.problem("nagq", "goes with method = \"agq\"");
    out.inner = reader.word("pql_inner", {"reml", "ml"}).value_or("reml") == "ml"
                    ? Criterion::ml
                    : Criterion::reml;
    out.free_scale = reader.word("pql_scale", {"free", "1"}).value_or("free") == "free";
    for (const char* key : {"pql_inner", "pql_scale"}) {
      if (reader.has(key) && !out.is_quasi() && !out.method.empty())
        reader.problem(key, "goes with method = \"pql\" or \"mql\"");
    }
    out.terms = data_terms_;
    if (const auto formula = reader.text("formula");
        formula && !study_.response.empty()) {
      try {
        out.terms = take_formula(*formula, study_);
      } catch (const UsageError& error) {
        problems_.add(reader.line("formula"), error.what());
      }
    }
    if (out.has_dummies() && not_estimable(study_, out).size() == out.terms.size())
      problems_.add(reader.line("method"),
                    fmt::format("estimator '{}': all of its terms are constant within "
                                "groups, whose dummies take them",
                                out.name));
    read_inference(reader, family_known_, study_, out, problems_);
    return out;
  }

  /// A program of the user's.
  StudyEstimator read_external(const TableReader& reader) {
    StudyEstimator out;
    out.method = "command";
    out.command = reader.text("command").value_or("");
    if (out.command.empty()) reader.problem("command", "give a line for the shell");
    out.name = reader.text("name").value_or("");
    if (!reader.has("name")) reader.missing("name", "what to call the command in tables");
    const NumberRange seconds{.low = 0.0, .high = 86'400.0, .open_low = true};
    out.timeout = reader.number("timeout", seconds).value_or(out.timeout);
    for (const char* key : {"method", "nagq", "pql_inner", "pql_scale", "formula"}) {
      if (reader.has(key)) reader.problem(key, "does not go with command");
    }
    out.terms = data_terms_;
    read_inference(reader, family_known_, study_, out, problems_);
    return out;
  }

  const std::vector<std::size_t>& data_terms_;
  bool family_known_;
  Study& study_;
  Problems& problems_;
};

}  // namespace

std::vector<int> read_estimators(const TomlNode& root,
                                 const std::vector<std::size_t>& data_terms,
                                 bool family_known,
                                 Study& study,
                                 Problems& problems) {
  return EstimatorReader(data_terms, family_known, study, problems).read_all(root);
}

}  // namespace merit
