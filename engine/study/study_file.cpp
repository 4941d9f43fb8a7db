// SPDX-License-Identifier: MIT
#include "engine/study/study_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/text.hpp"
#include "engine/study/estimator_table.hpp"
#include "engine/study/noise_table.hpp"
#include "engine/study/prevalence.hpp"
#include "engine/study/study_formula.hpp"
#include "engine/study/study_grid.hpp"
#include "engine/study/table_reader.hpp"

namespace merit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMost = 2'147'483'647;  // repetitions, and the seed's low half

const NumberRange kAnyNumber{.low = -kInfinity, .high = kInfinity};
const NumberRange kPositive{.low = 0.0, .high = kInfinity, .open_low = true};
const NumberRange kNotNegative{.low = 0.0, .high = kInfinity};
const NumberRange kShare{.low = 0.0, .high = 1.0, .open_low = true, .open_high = true};

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
const std::vector<std::string> kSizeKeys = {"mean", "sd", "cv", "min"};
const std::vector<std::string> kCovariateKeys = {"kind", "level", "mean", "sd", "share"};

class StudyReader {
 public:
  StudyReader(const TomlNode& tree, std::string file, std::int64_t max_tasks)
      : tree_(tree), file_(std::move(file)), max_tasks_(max_tasks) {}

  Study read() {
    const TableReader root(tree_, "the study", kRootKeys, problems_);
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
      read_covariates(reader);
      read_thresholds(reader);
      read_noise(reader, study_, problems_);
      read_formula(reader);
      estimator_line_ =
          read_estimators(tree_, data_terms_, family_known_, study_, problems_);
      read_grid(reader);
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

  void read_covariates(const TableReader& data) {
    const TomlNode* table = data.table("covariates");
    if (table == nullptr) return;
    for (const auto& [name, node] : table->entries) {
      if (node.kind != TomlNode::Kind::table) {
        problems_.add(node.line,
                      fmt::format("{} = {}: give a table, e.g. {{ kind = \"normal\" }}",
                                  name,
                                  describe(node)));
        continue;
      }
      const TableReader reader(
          node, fmt::format("[data.covariates.{}]", name), kCovariateKeys, problems_);
      study_.covariates.push_back(read_covariate(reader, name));
    }
  }

  Covariate read_covariate(const TableReader& reader, const std::string& name) {
    Covariate covariate{.name = name};
    const std::string kind =
        reader.word("kind", {"normal", "binary", "halves"}).value_or("normal");
    if (!reader.has("kind")) reader.missing("kind", "normal, binary or halves");
    covariate.kind = kind == "binary"   ? CovariateKind::binary
                     : kind == "halves" ? CovariateKind::halves
                                        : CovariateKind::normal;
    const bool halves = covariate.kind == CovariateKind::halves;
    const std::string level =
        reader.word("level", {"row", "group"}).value_or(halves ? "group" : "row");
    covariate.level = level == "group" ? CovariateLevel::group : CovariateLevel::row;
    if (halves && level == "row")
      reader.problem("level", "halves are halves of the groups: leave it out");
    covariate.mean = reader.number("mean", kAnyNumber).value_or(0.0);
    covariate.sd = reader.number("sd", kPositive).value_or(1.0);
    covariate.share = reader.number("share", kShare).value_or(0.5);
    for (const char* key : {"mean", "sd"}) {
      if (reader.has(key) && kind != "normal")
        reader.problem(key, "goes with kind = \"normal\"");
    }
    if (reader.has("share") && kind != "binary")
      reader.problem("share", "goes with kind = \"binary\"");
    return covariate;
  }

  bool counts() const {
    return study_.family == Family::poisson || study_.family == Family::negbinomial;
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

  // --- The grid ---

  void add_axis(std::string name,
                const std::optional<NumberList>& list,
                std::function<void(StudyCell&, double)> set) {
    if (list) axes_.push_back({std::move(name), list->values, std::move(set)});
  }

  void read_grid(const TableReader& data) {
    if (!data.has("groups")) data.missing("groups", "the number of groups J");
    add_axis("groups",
             data.numbers("groups", {.low = 2, .high = 1e6, .whole = true}),
             [](StudyCell& cell, double value) {
               cell.num_groups = static_cast<std::int64_t>(value);
             });
    read_sizes(data);
    const auto sigma = data.numbers("sigma", kPositive);
    if (data.has("sigma") && !study_.is_gaussian() && family_known_)
      data.problem("sigma", "only a Gaussian response has a residual sd");
    add_axis("sigma", sigma, [](StudyCell& cell, double value) { cell.sigma = value; });
    read_spread(data);
    read_coefficients(data);
  }

  void read_sizes(const TableReader& data) {
    const NumberRange sizes{.low = 1, .high = 1e7};
    const TomlNode* size = tree_.find("data")->find("group_size");
    if (size == nullptr) return data.missing("group_size", "rows per group");
    if (size->kind != TomlNode::Kind::table) {
      const NumberRange whole{.low = 1, .high = 1e7, .whole = true};
      return add_axis("group_size",
                      data.numbers("group_size", whole),
                      [](StudyCell& cell, double value) { cell.size.mean = value; });
    }
    const TableReader reader(*size, "group_size", kSizeKeys, problems_);
    if (!reader.has("mean")) reader.missing("mean", "mean rows per group");
    if (reader.has("sd") == reader.has("cv"))
      reader.missing("sd", "give either sd or cv = sd/mean");
    add_axis("group_size",
             reader.numbers("mean", sizes),
             [](StudyCell& cell, double value) { cell.size.mean = value; });
    add_axis("group_size.sd",
             reader.numbers("sd", kPositive),
             [](StudyCell& cell, double value) { cell.size.sd = value; });
    add_axis(
        "group_size.cv",
        reader.numbers("cv", kPositive),
        [](StudyCell& cell, double value) { cell.size.sd = value * cell.size.mean; });
    const auto least = reader.number("min", {.low = 1, .high = 1e7, .whole = true});
    start_.size.least = static_cast<std::int64_t>(least.value_or(1.0));
  }

  void read_spread(const TableReader& data) {
    const NumberRange icc{.low = 0.0, .high = 1.0, .open_high = true};
    const auto iccs = data.numbers("icc", icc);
    const auto taus = data.numbers("tau", kNotNegative);
    if (data.has("icc") && data.has("tau"))
      data.problem("icc", "tau is given too: give one of them");
    const std::string or_icc = counts() ? "" : ", or icc";
    if (!data.has("icc") && !data.has("tau"))
      data.missing("tau", "the sd of the group intercepts" + or_icc);
    if (data.has("icc") && counts() && family_known_)
      data.problem("icc", "counts have no scale for it: give tau");
    add_axis("tau", taus, [](StudyCell& cell, double value) { cell.tau = value; });
    const double latent = latent_variance(study_.family, study_.link);
    const bool gaussian = study_.is_gaussian();
    add_axis("icc", iccs, [latent, gaussian](StudyCell& cell, double value) {
      const double within = gaussian ? cell.sigma * cell.sigma : latent;
      cell.tau = std::sqrt(within * value / (1.0 - value));
    });
  }

  /// What the mean response may be given as, in the place of the intercept: its key.
  const char* mean_key() const {
    return study_.family == Family::binomial ? "prevalence" : counts() ? "mean" : nullptr;
  }

  void read_coefficients(const TableReader& data) {
    const auto prevalences = data.numbers("prevalence", kShare);
    const auto means = data.numbers("mean", kPositive);
    const auto thetas = data.numbers("theta", kPositive);
    const bool negbinomial = study_.family == Family::negbinomial;
    if (family_known_) {
      if (data.has("prevalence") && study_.family != Family::binomial)
        data.problem("prevalence", "goes with family = \"binomial\"");
      if (data.has("mean") && !counts())
        data.problem("mean", "goes with family = \"poisson\" or \"negbinomial\"");
      if (data.has("theta") && !negbinomial)
        data.problem("theta", "goes with family = \"negbinomial\"");
      if (!data.has("theta") && negbinomial)
        data.missing("theta", "the variance of a count is mean + mean^2/theta");
    }
    const bool has_mean = mean_key() != nullptr && data.has(mean_key());
    start_.beta.assign(study_.terms.size(), 0.0);
    std::copy(thresholds_.begin(), thresholds_.end(), start_.beta.begin());
    std::vector<std::string> names;
    for (const std::size_t t : data_terms_) {
      if (study_.terms[t].has_column()) names.push_back(study_.terms[t].name);
    }
    if (data_terms_.empty()) return;  // told already
    const TomlNode* table = data.table("coefficients");
    static const TomlNode kNone;
    const TableReader reader(
        table == nullptr ? kNone : *table, "[data.coefficients]", names, problems_);
    for (const std::size_t t : data_terms_) {
      const StudyTerm& term = study_.terms[t];
      if (term.kind == TermKind::theta)
        add_axis("theta", thetas, [t](StudyCell& cell, double value) {
          cell.beta[t] = value;
        });
      if (!term.has_column()) continue;
      const std::string& name = term.name;
      const bool replaced = t == 0 && has_mean;
      if (replaced && reader.has(name))
        reader.problem(name,
                       fmt::format("{} is given too: give one of them", mean_key()));
      if (!reader.has(name) && !replaced) {
        problems_.add(table == nullptr ? data.line() : table->line,
                      fmt::format("[data.coefficients] lacks \"{}\"{}",
                                  name,
                                  t == 0 && mean_key() != nullptr
                                      ? fmt::format(" (or give {})", mean_key())
                                      : ""));
      }
      add_axis(name,
               reader.numbers(name, kAnyNumber),
               [t](StudyCell& cell, double value) { cell.beta[t] = value; });
    }
    if (has_mean && prevalence_points(study_) > kMostPrevalencePoints) {
      data.problem(mean_key(),
                   "too many covariates stand in products for it to be computed: give "
                   "\"(Intercept)\" in [data.coefficients]");
      return;
    }
    // Last, because it depends on all the others.
    const auto set = [this](StudyCell& cell, double value) {
      cell.beta[0] = intercept_for(study_, cell, value);
    };
    if (study_.family == Family::binomial) add_axis("prevalence", prevalences, set);
    if (counts()) add_axis("mean", means, set);
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
    const double tasks = num_grid_cells(axes_) * static_cast<double>(study_.repetitions);
    if (tasks > static_cast<double>(max_tasks_)) {
      problems_.add(
          root.line("repetitions"),
          fmt::format("{:.0f} cells × {} repetitions are {:.0f} data sets, more "
                      "than --max-tasks {}",
                      num_grid_cells(axes_),
                      study_.repetitions,
                      tasks,
                      max_tasks_));
      return;
    }
    make_cells(axes_, start_, study_);
    const int line = tree_.find("data")->line;
    std::size_t p = 0, between = 0;
    for (const StudyEstimator& estimator : study_.estimators) {
      p = std::max(p, estimator.terms.size());
      between =
          std::max(between, static_cast<std::size_t>(study_.num_between(estimator)));
    }
    for (const StudyCell& cell : study_.cells) {
      if (cell.size.mean <= 1.0 && cell.size.sd == 0.0) {
        problems_.add(line,
                      "group_size = 1: groups of one row cannot tell τ from the rest");
        return;
      }
      if (cell.num_groups <= static_cast<std::int64_t>(between)) {
        problems_.add(line,
                      fmt::format("groups = {}: {} terms vary between groups alone (the "
                                  "intercept counts), so give more groups",
                                  cell.num_groups,
                                  between));
        return;
      }
      if (static_cast<double>(cell.num_groups) * cell.size.mean <=
          static_cast<double>(p)) {
        problems_.add(line,
                      fmt::format("{} groups of {} rows are too few for {} terms",
                                  cell.num_groups,
                                  cell.size.mean,
                                  p));
        return;
      }
    }
  }

  const TomlNode& tree_;
  std::string file_;
  std::int64_t max_tasks_;
  Problems problems_;
  Study study_;
  bool family_known_ = true;
  std::vector<std::size_t> data_terms_;
  std::vector<int> estimator_line_;
  std::vector<GridAxis> axes_;
  StudyCell start_;
  std::vector<double> thresholds_;
};

}  // namespace

Study read_study(const std::string& text,
                 const std::string& file,
                 std::int64_t max_tasks) {
  const TomlNode tree = parse_toml(text, file);
  return StudyReader(tree, file, max_tasks).read();
}

}  // namespace merit
