// SPDX-License-Identifier: MIT
#include "engine/study/sensitivity.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "engine/model/expression.hpp"
#include "engine/model/formula.hpp"
#include "engine/model/text.hpp"

namespace merit {
namespace {

std::string comparison(const std::string& column,
                       const char* sign,
                       const ColumnLevels& of,
                       const std::string& level) {
  return fmt::format("`{}` {} {}", column, sign, of.is_text ? quoted(level) : level);
}

std::string both(const std::string& where, const std::string& condition) {
  return where.empty() ? condition : fmt::format("({}) & ({})", where, condition);
}

/// The formula with more fixed terms: those of the base are `fixed`.
std::string with_terms(const Formula& formula,
                       const std::string& response,
                       const std::string& fixed) {
  return fmt::format("{} ~ {} + (1 | `{}`)", response, fixed, formula.group);
}

/// Response and fixed part of a formula, as typed, without the random intercept.
std::pair<std::string, std::string> parts_of(const Formula& formula) {
  const std::string& text = formula.source.text;
  const std::size_t tilde = text.find('~');
  std::string fixed = text.substr(tilde + 1);
  // (1 | g) is the only bar in a formula that has been read; 1 is neutral in its place.
  const std::size_t bar = fixed.find('|');
  const std::size_t open = fixed.rfind('(', bar);
  const std::size_t close = fixed.find(')', bar);
  const bool has_intercept = formula.has_intercept;
  fixed.replace(open, close + 1 - open, has_intercept ? "1" : "0");
  return {text.substr(0, tilde), fixed};
}

class Planner {
 public:
  Planner(const SensitivityStudy& study, std::int64_t most)
      : study_(study), most_(most), out_{{"base", {}, study.base, {}}} {}

  void add_waves(const ColumnLevels& waves) {
    const WaveChecks& checks = *study_.waves;
    if (checks.each) {
      for (const std::string& wave : waves.levels) {
        Analysis& one = add("wave", {{"wave", wave}});
        one.model.where =
            both(one.model.where, comparison(checks.column, "==", waves, wave));
      }
    }
    const Formula formula = parse_formula(study_.base.formula);
    const auto [response, fixed] = parts_of(formula);
    const std::string factor =
        waves.is_text ? "`" + checks.column + "`" : "factor(`" + checks.column + "`)";
    if (checks.pooled) {
      add("pooled", {}).model.formula =
          with_terms(formula, response, fmt::format("{} + {}", fixed, factor));
    }
    if (checks.interaction) {
      Analysis& one = add("interaction", {});
      one.model.formula =
          with_terms(formula, response, fmt::format("({}) * {}", fixed, factor));
      one.factor =
          waves.is_text ? checks.column : fmt::format("factor({})", checks.column);
    }
  }

  void add_left_out(const std::string& column, const ColumnLevels& groups) {
    const LeftOutChecks& checks = *study_.left_out;
    const auto without = [&](const std::vector<std::string>& left_out) {
      std::string where = study_.base.where;
      for (const std::string& group : left_out)
        where = both(where, comparison(column, "!=", groups, group));
      add("left out", {{"left out", fmt::format("{}", fmt::join(left_out, ", "))}})
          .model.where = where;
    };
    const auto J = groups.levels.size();
    for (std::size_t a = 0; checks.one && a < J; ++a)
      without({groups.levels[a]});
    for (std::size_t a = 0; checks.two && a < J; ++a) {
      for (std::size_t b = a + 1; b < J; ++b)
        without({groups.levels[a], groups.levels[b]});
    }
    for (const std::vector<std::string>& named : checks.named) {
      for (const std::string& group : named) {
        if (std::find(groups.levels.begin(), groups.levels.end(), group) !=
            groups.levels.end())
          continue;
        throw UsageError(fmt::format("[left_out] named: {} has no group '{}'{}",
                                     column,
                                     group,
                                     did_you_mean(group, groups.levels)));
      }
      without(named);
    }
  }

  void add_multiverse() {
    const Multiverse& multiverse = *study_.multiverse;
    std::vector<std::size_t> at(multiverse.choices.size(), 0);
    while (true) {
      add_specification(multiverse, at);
      std::size_t k = at.size();
      while (k > 0 && ++at[k - 1] == multiverse.choices[k - 1].values.size())
        at[--k] = 0;
      if (k == 0) return;
    }
  }

  void add_priors() {
    for (const auto& [name, priors] : study_.priors->sets)
      add("prior", {{"prior", name}}).model.priors = priors;
  }

  std::vector<Analysis> take() { return std::move(out_); }

 private:
  Analysis& add(const char* kind,
                std::vector<std::pair<std::string, std::string>> changes) {
    if (std::ssize(out_) >= most_) {
      throw UsageError(fmt::format(
          "the study asks for more than {} fits; --max-tasks N allows more", most_));
    }
    return out_.emplace_back(Analysis{kind, std::move(changes), study_.base, {}});
  }

  void add_specification(const Multiverse& multiverse,
                         const std::vector<std::size_t>& at) {
    std::vector<std::pair<std::string, std::string>> changes;
    for (std::size_t k = 0; k < at.size(); ++k) {
      const Choice& choice = multiverse.choices[k];
      changes.emplace_back(choice.key, choice.values[at[k]]);
    }
    Analysis& one = add("specification", changes);
    if (!multiverse.formula.empty()) one.model.formula = multiverse.formula;
    for (const auto& [key, value] : changes) {
      if (key == "family") {
        one.model.family = value;
      } else if (key == "link") {
        one.model.link = value;
      } else if (key == "method") {
        one.model.method = value;
      } else if (key == "where") {
        if (!value.empty()) one.model.where = both(study_.base.where, value);
      } else {
        fill_in(key, value, one.model.formula);
      }
    }
  }

  static void fill_in(const std::string& key,
                      const std::string& value,
                      std::string& formula) {
    const std::string place = "{" + key + "}";
    for (std::size_t found = formula.find(place); found != std::string::npos;
         found = formula.find(place, found + value.size()))
      formula.replace(found, place.size(), value);
  }

  const SensitivityStudy& study_;
  std::int64_t most_;
  std::vector<Analysis> out_;
};

}  // namespace

std::string Analysis::label() const {
  if (changes.empty()) return kind == "base" ? "base" : "waves " + kind;
  if (kind == "left out") return "without " + changes.front().second;
  std::string out;
  for (const auto& [key, value] : changes) {
    out += out.empty() ? "" : ", ";
    out += fmt::format("{} {}", key, value.empty() ? "as it is" : value);
  }
  return out;
}

bool is_setting(const std::string& key) {
  return key == "where" || key == "family" || key == "link" || key == "method";
}

std::string labels_text(const std::vector<std::string>& labels) {
  return first_few(labels, 3, "; ");
}

ModelSettings in_imputation(const SensitivityStudy& study,
                            const ColumnLevels& levels,
                            std::size_t number,
                            const ModelSettings& model) {
  ModelSettings out = model;
  if (study.imputations && !study.imputations->column.empty()) {
    out.where =
        both(model.where,
             comparison(study.imputations->column, "==", levels, levels.levels[number]));
  }
  return out;
}

std::vector<Analysis> analyses_of(const SensitivityStudy& study,
                                  const std::string& group_column,
                                  const ColumnLevels& groups,
                                  const ColumnLevels& waves,
                                  std::int64_t most) {
  Planner planner(study, most);
  if (study.waves) planner.add_waves(waves);
  if (study.left_out) planner.add_left_out(group_column, groups);
  if (study.multiverse) planner.add_multiverse();
  if (study.priors) planner.add_priors();
  return planner.take();
}

}  // namespace merit
