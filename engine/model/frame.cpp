// SPDX-License-Identifier: MIT
#include "engine/model/frame.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "engine/model/scope_column.hpp"

namespace merit {
namespace {

bool is_factor_call(const Expression& e) {
  return e.is_call("factor") || e.is_call("as.factor");
}

Expression column_named(const std::string& name) {
  Expression leaf;
  leaf.kind = Expression::Kind::name;
  leaf.word = name;
  return leaf;
}

std::string number_label(ValueType type, double value) {
  if (type == ValueType::logical) return value == 0.0 ? "FALSE" : "TRUE";
  return shortest(value + 0.0);  // one zero, not two
}

const std::vector<Level>& truth_levels() {
  static const std::vector<Level> kLevels = {{0.0, "FALSE"}, {1.0, "TRUE"}};
  return kLevels;
}

}  // namespace

ModelFrame::ModelFrame(const Formula& formula,
                       Table& table,
                       const FrameOptions& options) {
  find_columns(formula, table, options);
  bind_variables(formula, options);
  if (options.where) bind_where(*options.where);

  num_stages_ = std::any_of(variables_.begin(), variables_.end(), [](const Variable& v) {
    return v.needs_levels;
  });
  for (const Statistic& statistic : scope_.statistics) {
    num_stages_ = std::max(num_stages_, statistic.stage + 1);
  }
  group_means_.resize(scope_.statistics.size());
  scales_.resize(scope_.statistics.size());
}

void ModelFrame::find_columns(const Formula& formula,
                              Table& table,
                              const FrameOptions& options) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : table.columns())
    names.push_back(column.name);

  const auto need = [&](const std::string& name, const std::string& what) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      throw DataError(fmt::format("{}: {} has no column '{}'{}",
                                  what,
                                  table.name(),
                                  name,
                                  did_you_mean(name, names)));
    }
    table_columns_.push_back(static_cast<std::size_t>(found - names.begin()));
  };
  const auto need_all = [&](const Expression& expression, const std::string& what) {
    for (const std::string& name : names_in(expression))
      need(name, what);
  };
  need_all(formula.response, "formula");
  for (const Expression& variable : formula.variables)
    need_all(variable, "formula");
  for (const Expression& offset : formula.offsets)
    need_all(offset, "formula");
  need(formula.group, "formula");
  if (options.offset) need(*options.offset, "--offset");
  if (options.trials) need(*options.trials, "--trials");
  if (options.fweights) need(*options.fweights, "--fweights");
  if (options.strata) need(*options.strata, "--strata");
  if (options.pweights) need(*options.pweights, "--pweights");
  if (options.group_pweights) need(*options.group_pweights, "--group-pweights");
  if (options.where) {
    need_all(parse_expression({"--where", *options.where}), "--where");
  }

  std::sort(table_columns_.begin(), table_columns_.end());
  table_columns_.erase(std::unique(table_columns_.begin(), table_columns_.end()),
                       table_columns_.end());
  for (const std::size_t index : table_columns_) {
    scope_.columns.push_back(scope_column(table, index));
  }
  const auto place_of = [&](const std::string& name) {
    const auto found = std::find_if(
        scope_.columns.begin(), scope_.columns.end(), [&](const ScopeColumn& column) {
          return column.name == name;
        });
    return static_cast<std::size_t>(found - scope_.columns.begin());
  };
  const auto weights_at = [&](const std::string& name, const char* option) {
    const std::size_t at = place_of(name);
    if (scope_.columns[at].type == ValueType::categorical) {
      throw DataError(
          fmt::format("{} {}: holds text, and weights must be numbers", option, name));
    }
    return at;
  };
  if (options.strata) strata_ = place_of(*options.strata);
  if (options.fweights) fweights_ = weights_at(*options.fweights, "--fweights");
  if (options.pweights) pweights_ = weights_at(*options.pweights, "--pweights");
  if (options.group_pweights)
    group_pweights_ = weights_at(*options.group_pweights, "--group-pweights");
}

void ModelFrame::bind_variables(const Formula& formula, const FrameOptions& options) {
  const Source& source = formula.source;
  scope_.allows_statistics = true;
  for (const Expression& variable : formula.variables)
    add_variable(variable, source);
  num_terms_ = variables_.size();
  bind_response(formula, options);
  for (const Expression& offset : formula.offsets) {
    offsets_.push_back(add_numeric(offset, source));
  }
  if (options.offset) {
    offsets_.push_back(
        add_numeric(column_named(*options.offset), {"--offset", *options.offset}));
  }
  scope_.allows_statistics = false;
  group_ = add_variable(column_named(formula.group), source);
  variables_[group_].needs_levels = false;
}

void ModelFrame::bind_response(const Formula& formula, const FrameOptions& options) {
  const Source& source = formula.source;
  const bool gaussian = options.family == Family::gaussian;
  const bool cbind = formula.response.is_call("cbind");
  if (cbind && options.family != Family::binomial) {
    throw error_at(source,
                   formula.response.position,
                   fmt::format("cbind(events, nonevents) as response belongs to --family "
                               "binomial; a {} response is one number",
                               name(options.family)));
  }
  if (cbind && (options.trials || formula.response.args.size() != 2)) {
    throw error_at(
        source,
        formula.response.position,
        "cbind(events, nonevents) takes two columns, whose sum are the trials; "
        "--trials goes with a proportion as response");
  }
  const bool counts =
      options.family == Family::poisson || options.family == Family::negbinomial;
  if (gaussian || counts || cbind || options.trials) {
    response_ = add_numeric(cbind ? formula.response.args[0] : formula.response, source);
  } else {
    // Levels are numbered in their order: a binary response is 0 for the first.
    response_ = add_variable(formula.response, source);
    variables_[response_].needs_levels = false;
    variables_[response_].kind.is_factor = false;
    if (options.family == Family::ordinal) check_ordered(variables_[response_]);
  }
  if (cbind) {
    response_form_ = ResponseForm::cbind;
    beside_response_ = add_numeric(formula.response.args[1], source);
  } else if (options.trials) {
    response_form_ = ResponseForm::proportion;
    beside_response_ =
        add_numeric(column_named(*options.trials), {"--trials", *options.trials});
  }
}

void ModelFrame::check_ordered(const Variable& variable) const {
  if (variable.expression.type != ValueType::categorical) return;
  const ScopeColumn& column = scope_.columns[variable.expression.slot];
  if (column.ordered) return;
  throw DataError(
      fmt::format("{0}: its categories have no order, which an ordinal response needs: "
                  "give it to the snapshot, lowest first: make_snapshot.py --ordered "
                  "{0}=L1,L2,...",
                  column.name));
}

void ModelFrame::bind_where(const std::string& where) {
  where_text_ = where;
  const Source source = {"--where", where};
  where_ = bind(parse_expression(source), source, scope_);
  if (where_->type != ValueType::logical) {
    throw error_at(source,
                   0,
                   "must be true or false for each row, as in wave == 2019 or "
                   "age >= 18 & !is.na(score)");
  }
}

std::size_t ModelFrame::add_variable(const Expression& expression, const Source& source) {
  Variable variable;
  variable.kind.name = deparse(expression);
  const bool is_factor = is_factor_call(expression);
  if (is_factor) {
    if (expression.args.size() != 1) {
      throw error_at(
          source,
          expression.position,
          "factor() takes one column; set the order of its levels in the snapshot");
    }
    variable.expression = bind(expression.args[0], source, scope_);
  } else {
    variable.expression = bind(expression, source, scope_);
  }
  add_inputs(variable.expression, variable);
  if (is_factor && variable.uses_statistics) {
    throw error_at(source,
                   expression.position,
                   "factor() of gmean() or scale() is not computed: leave factor() away");
  }
  const ValueType type = variable.expression.type;
  variable.kind.is_factor = is_factor || type != ValueType::numeric;
  if (!is_factor && type == ValueType::logical) {
    variable.kind.levels = truth_levels();  // as in R, whether both occur or not
  } else {
    variable.needs_levels = variable.kind.is_factor;
  }
  variables_.push_back(std::move(variable));
  return variables_.size() - 1;
}

std::size_t ModelFrame::add_numeric(const Expression& expression, const Source& source) {
  const std::size_t index = add_variable(expression, source);
  Variable& variable = variables_[index];
  if (variable.needs_levels) {
    const std::string levels = is_factor_call(expression) ? "is a factor" : "holds text";
    throw DataError(fmt::format("{}: {} {}, but the response and offsets must be numbers",
                                source.what,
                                variable.kind.name,
                                levels));
  }
  variable.kind.is_factor = false;
  return index;
}

void ModelFrame::add_inputs(const BoundExpression& expression, Variable& variable) const {
  std::vector<std::size_t> slots;
  append_slots(expression, slots);
  for (const std::size_t slot : slots) {
    if (slot < scope_.columns.size()) {
      variable.inputs.push_back(slot);
    } else {
      variable.uses_statistics = true;
      add_inputs(scope_.statistics[slot - scope_.columns.size()].argument, variable);
    }
  }
  std::sort(variable.inputs.begin(), variable.inputs.end());
  variable.inputs.erase(std::unique(variable.inputs.begin(), variable.inputs.end()),
                        variable.inputs.end());
}

std::vector<Level> ModelFrame::occurring_levels(const Variable& variable,
                                                const std::vector<double>& values) const {
  std::vector<Level> levels;
  for (const double value : values) {
    switch (variable.expression.type) {
      case ValueType::categorical: {
        const ScopeColumn& column = scope_.columns[variable.expression.slot];
        levels.push_back({value, column.levels.at(static_cast<std::size_t>(value))});
        break;
      }
      case ValueType::logical:
        levels.push_back({value, value == 0.0 ? "FALSE" : "TRUE"});
        break;
      case ValueType::numeric:
        levels.push_back({value, level_text(value)});
        break;
    }
  }
  return levels;
}

void ModelFrame::complete(const DesignSurvey& survey) {
  assert(needs_survey());
  check_rows_left(survey.counts);
  auto values = survey.levels.begin();
  for (Variable& variable : variables_) {
    if (stage_ > 0 || !variable.needs_levels) continue;
    if (values->size() > kMaxLevels) throw too_many_levels(variable.kind.name);
    variable.kind.levels = occurring_levels(variable, *values++);
    if (variable.kind.levels.size() < 2) {
      throw DataError(
          fmt::format("factor {} has the single level '{}' in the {} rows used, where "
                      "its effect cannot "
                      "be told from the intercept: leave it out of the formula",
                      variable.kind.name,
                      variable.kind.levels.front().label,
                      survey.counts.rows_used));
    }
  }
  auto scale = survey.scales.begin();
  auto means = survey.group_means.begin();
  for (std::size_t i = 0; i < scope_.statistics.size(); ++i) {
    const Statistic& statistic = scope_.statistics[i];
    if (statistic.stage != stage_) continue;
    if (statistic.kind == Statistic::Kind::group_mean) {
      group_means_[i] = *means++;
      continue;
    }
    scales_[i] = *scale++;
    if (!(scales_[i].squares > 0.0)) {
      throw DataError(
          fmt::format("{} divides by the standard deviation, but the values are "
                      "all {}: leave it out of the formula",
                      statistic.label,
                      shortest(scales_[i].mean)));
    }
  }
  if (!survey.group_means.empty()) groups_ = GroupIndex(survey.groups);
  ++stage_;
}

std::vector<VariableKind> ModelFrame::variable_kinds() const {
  std::vector<VariableKind> kinds;
  for (std::size_t i = 0; i < num_terms_; ++i)
    kinds.push_back(variables_[i].kind);
  return kinds;
}

std::size_t ModelFrame::num_response_levels() const {
  const BoundExpression& expression = variables_[response_].expression;
  return expression.type == ValueType::categorical
             ? scope_.columns[expression.slot].levels.size()
             : 0;
}

std::string ModelFrame::label(std::size_t variable, double value) const {
  const BoundExpression& expression = variables_[variable].expression;
  if (expression.type == ValueType::categorical)
    return column_label(expression.slot, value);
  return number_label(expression.type, value);
}

std::string ModelFrame::column_label(std::size_t column, double value) const {
  const ScopeColumn& found = scope_.columns[column];
  if (found.type == ValueType::categorical)
    return found.levels.at(static_cast<std::size_t>(value));
  return number_label(found.type, value);
}

void ModelFrame::check_rows_left(const RowCounts& counts) const {
  if (counts.rows_used > 0) return;
  std::string message = fmt::format("no row is left to fit: {} read", counts.rows_read);
  if (where_) {
    message += fmt::format(
        ", {} excluded by --where {}", counts.rows_excluded_by_where, where_text_);
  }
  for (std::size_t i = 0; i < counts.rows_dropped.size(); ++i) {
    if (counts.rows_dropped[i] == 0) continue;
    message += fmt::format(
        ", {} without a value of '{}'", counts.rows_dropped[i], scope_.columns[i].name);
  }
  throw DataError(message);
}

}  // namespace merit
