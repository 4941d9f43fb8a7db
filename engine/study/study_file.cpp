// SPDX-License-Identifier: MIT
#include "engine/study/study_file.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "engine/model/text.hpp"
#include "engine/study/covariate_table.hpp"
#include "engine/study/design_grid.hpp"
#include "engine/study/estimator_table.hpp"
#include "engine/study/noise_table.hpp"
#include "engine/study/study_formula.hpp"
#include "engine/study/table_reader.hpp"

namespace merit {
namespace {

constexpr double kMost = 2'147'483'647;  // repetitions, and the seed's low half

const std::vector<std::string> kRootKeys = {
    "title", "repetitions", "seed", "estimands", "data", "estimator"};
const std::vector<std::string> kDataKeys = {"formula",
                                            "family",
                                            "link",
                                            "groups",
                                            "group_size",
                                            "icc",
                                            "tau",
                                            "sigma",
                                            "prevalence",
                                            "mean",
                                            "theta",
                                            "thresholds",
                                            "intercepts",
                                            "errors",
                                            "covariates",
                                            "coefficients"};

class StudyReader {
 public:
  StudyReader(const TomlNode& tree,
              std::string file,
              std::int64_t max_tasks,
              const ReadSnapshot& snapshots)
      : tree_(tree),
        file_(std::move(file)),
        max_tasks_(max_tasks),
        snapshots_(snapshots) {}

  Study read() {
    std::vector<std::string> keys = kRootKeys;
    if (!snapshots_) keys.emplace_back("read");
    const TableReader root(tree_, "the study", keys, problems_);
    study_.title = root.text("title").value_or("");
    const auto repetitions =
        root.number("repetitions", {.low = 1, .high = kMost, .whole = true});
    if (!root.has("repetitions"))
      problems_.add(0, "repetitions is missing: how many data sets per cell");
    study_.repetitions = static_cast<std::int64_t>(repetitions.value_or(0.0));
    const NumberRange seeds{.low = 0, .high = 9007199254740992.0, .whole = true};
    study_.seed = static_cast<std::uint64_t>(root.number("seed", seeds).value_or(1.0));

    if (const TomlNode* data = root.table("data")) {
      const TableReader reader(*data, "[data]", kDataKeys, problems_);
      read_family(reader);
      read_covariates(reader, snapshots_, tree_.find("read"), study_, problems_);
      read_thresholds(reader);
      read_noise(reader, study_, problems_);
      read_formula(reader);
      estimator_line_ =
          read_estimators(tree_, data_terms_, family_known_, study_, problems_);
      grid_ = read_design_grid(reader,
                               data_terms_,
                               thresholds_,
                               family_known_,
                               static_cast<bool>(snapshots_),
                               study_,
                               problems_);
    } else if (!root.has("data")) {
      problems_.add(0, "[data] is missing: how data are made");
    }
    problems_.throw_if_any(file_);
    read_estimands(root);
    check_cells(root);
    problems_.throw_if_any(file_);
    return std::move(study_);
  }

 private:
  void read_family(const TableReader& data) {
    const auto family = data.word(
        "family", {"gaussian", "binomial", "poisson", "negbinomial", "ordinal"});
    study_.family = family ? parse_family(*family) : Family::gaussian;
    family_known_ = family.has_value() || !data.has("family");
    const std::string link = data.text("link").value_or("");
    try {
      study_.link = parse_link(study_.family, link);
    } catch (const UsageError& error) {
      if (family_known_) data.problem("link", error.what());
    }
  }

  /// Of an ordinal response: the study's first terms.
  void read_thresholds(const TableReader& data) {
    const TomlNode* node = tree_.find("data")->find("thresholds");
    const bool ordinal = study_.family == Family::ordinal;
    if (node == nullptr) {
      if (ordinal && family_known_)
        data.missing("thresholds",
                     "ascending, one fewer than categories, e.g. [-1, 0, 1]");
      return;
    }
    if (!ordinal && family_known_)
      data.problem("thresholds", "goes with family = \"ordinal\"");
    const auto list = data.numbers("thresholds", kAnyNumber);
    if (!list) return;
    if (!std::is_sorted(list->values.begin(), list->values.end()))
      data.problem("thresholds", "give them in ascending order");
    if (!ordinal) return;
    thresholds_ = list->values;
    for (std::size_t k = 1; k <= thresholds_.size(); ++k)
      study_.terms.push_back({fmt::format("{}|{}", k, k + 1), {}, TermKind::threshold});
  }

  void read_formula(const TableReader& data) {
    const auto formula = data.text("formula");
    if (!formula) {
      if (!data.has("formula"))
        data.missing("formula", "R's, e.g. \"y ~ x + (1 | school)\"");
      return;
    }
    study_.formula = *formula;
    try {
      data_terms_ = take_formula(*formula, study_);
    } catch (const UsageError& error) {
      problems_.add(data.line("formula"), error.what());
    }
  }

  // --- What takes all of the study ---

  void read_estimands(const TableReader& root) {
    std::vector<std::string> all;
    for (const StudyTerm& term : study_.terms)
      all.push_back(term.name);
    all.insert(all.end(), {kSdIntercept, kVarIntercept});
    if (study_.is_gaussian()) all.emplace_back(kSdObservation);
    study_.estimands = root.texts("estimands");
    if (!root.has("estimands")) {
      study_.estimands = all;
      std::erase(study_.estimands, kVarIntercept);
      return;
    }
    for (const std::string& estimand : study_.estimands) {
      if (std::find(all.begin(), all.end(), estimand) == all.end()) {
        problems_.add(
            root.line("estimands"),
            fmt::format(
                "no estimator gives '{}'{}", estimand, did_you_mean(estimand, all)));
        continue;
      }
      for (std::size_t e = 0; e < study_.estimators.size(); ++e) {
        const StudyEstimator& estimator = study_.estimators[e];
        const std::vector<std::string> taken = not_estimable(study_, estimator);
        if (gives(study_, estimator, estimand) ||
            std::find(taken.begin(), taken.end(), estimand) != taken.end())
          continue;  // what dummies take is told beside the table
        problems_.add(estimator_line_[e],
                      fmt::format("estimator '{}' does not give the estimand '{}'",
                                  estimator.name,
                                  estimand));
      }
    }
  }

  void check_cells(const TableReader& root) {
    const double tasks =
        num_grid_cells(grid_.axes) * static_cast<double>(study_.repetitions);
    if (tasks > static_cast<double>(max_tasks_)) {
      problems_.add(
          root.line("repetitions"),
          fmt::format("{:.0f} cells × {} repetitions are {:.0f} data sets, more "
                      "than --max-tasks {}",
                      num_grid_cells(grid_.axes),
                      study_.repetitions,
                      tasks,
                      max_tasks_));
      return;
    }
    make_cells(grid_.axes, grid_.start, study_);
    if (!snapshots_ && !study_.snapshots.empty()) use_stored_intercepts();
    std::set<std::string> told;  // cells share what is wrong with them
    for (const StudyCell& cell : study_.cells) {
      for (const std::string& what : impossible(cell)) {
        if (told.insert(what).second) problems_.add(line_of_design(what), what);
      }
    }
  }

  /// Where the key stands that a sentence begins with.
  int line_of_design(const std::string& what) const {
    const TomlNode& data = *tree_.find("data");
    const TomlNode* node = data.find(what.substr(0, what.find(' ')));
    if (node == nullptr) node = data.find("group_size");
    return node == nullptr ? data.line : node->line;
  }

  /// Why no data of the cell can be analysed.
  std::vector<std::string> impossible(const StudyCell& cell) const {
    std::vector<std::string> out;
    const auto J = static_cast<double>(cell.num_groups);
    if (cell.size.mean <= 1.0 && cell.size.sd == 0.0)
      out.emplace_back("group_size = 1: groups of one row cannot tell τ from the rest");
    std::int64_t between = 0;
    std::size_t p = 0;
    for (const StudyEstimator& estimator : study_.estimators) {
      between = std::max(between, study_.num_between(estimator));
      p = std::max(p, estimator.terms.size());
    }
    if (cell.num_groups <= between) {
      out.push_back(
          fmt::format("groups = {}: {} terms vary between groups alone (the "
                      "intercept counts), so give more groups",
                      cell.num_groups,
                      between));
    } else if (J * cell.size.mean <= static_cast<double>(p)) {
      out.push_back(
          fmt::format("groups = {}: {} groups of {} rows are too few for {} terms",
                      cell.num_groups,
                      cell.num_groups,
                      shortest(cell.size.mean),
                      p));
    }
    for (const StudyEstimator& estimator : study_.estimators) {
      const auto columns = static_cast<double>(estimator.terms.size() -
                                               not_estimable(study_, estimator).size());
      if (estimator.has_dummies() && J * (cell.size.mean - 1.0) - columns < 1.0) {
        out.push_back(
            fmt::format("groups = {}: groups of {} rows leave estimator '{}' no "
                        "degree of freedom beside their dummies",
                        cell.num_groups,
                        shortest(cell.size.mean),
                        estimator.name));
      }
      if (estimator.posterior && cell.num_groups < estimator.posterior->least_groups) {
        out.push_back(fmt::format(
            "groups = {}: the posterior of estimator '{}' is improper with fewer than {} "
            "groups; give it a proper prior, e.g. prior = [\"{}\", \"sd~half_t(3, "
            "2.5)\"]",
            cell.num_groups,
            estimator.name,
            estimator.posterior->least_groups,
            estimator.posterior->priors.front()));
      }
    }
    return out;
  }

  void use_stored_intercepts() {
    const TomlNode* read = tree_.find("read");
    const TomlNode* list = read == nullptr ? nullptr : read->find("intercepts");
    if (list == nullptr || list->items.size() != study_.cells.size()) {
      problems_.add(read == nullptr ? 0 : read->line,
                    "[read] lacks the intercepts of all cells");
      return;
    }
    for (std::size_t c = 0; c < study_.cells.size(); ++c)
      study_.cells[c].beta[0] = list->items[c].number;
  }

  const TomlNode& tree_;
  std::string file_;
  std::int64_t max_tasks_;
  const ReadSnapshot& snapshots_;
  Problems problems_;
  Study study_;
  bool family_known_ = true;
  std::vector<std::size_t> data_terms_;
  std::vector<int> estimator_line_;
  DesignGrid grid_;
  std::vector<double> thresholds_;
};

}  // namespace

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

Study read_study(const std::string& text,
                 const std::string& file,
                 std::int64_t max_tasks,
                 const ReadSnapshot& snapshots) {
  const TomlNode tree = parse_toml(text, file);
  return StudyReader(tree, file, max_tasks, snapshots).read();
}

std::string with_snapshots(const std::string& text, const Study& study) {
  if (study.snapshots.empty()) return text;
  std::vector<double> intercepts;
  for (const StudyCell& cell : study.cells)
    intercepts.push_back(cell.beta.front());
  std::string out = text;
  out += fmt::format(
      "\n\n# Below: what merit has read of the snapshots.\n[read]\n"
      "intercepts = [{}]\n",
      fmt::join(intercepts, ", "));
  for (const SnapshotColumns& snapshot : study.snapshots) {
    std::vector<std::int64_t> sizes;
    for (std::int64_t j = 0; j < snapshot.num_groups(); ++j)
      sizes.push_back(snapshot.size(j));
    out += fmt::format(
        "[[read.snapshot]]\nfile = {}\ndigest = \"{}\"\ndropped = {}\n"
        "sizes = [{}]\n",
        quoted(snapshot.request.file),
        snapshot.digest,
        snapshot.num_dropped,
        fmt::join(sizes, ", "));
  }
  return out;
}

}  // namespace merit
