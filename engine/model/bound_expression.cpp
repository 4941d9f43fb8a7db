// SPDX-License-Identifier: MIT
#include "engine/model/bound_expression.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/model/functions.hpp"

namespace merit {
namespace {

BoundExpression constant(double value, ValueType type) {
  BoundExpression bound;
  bound.type = type;
  bound.value = value;
  return bound;
}

BoundExpression column(std::size_t slot, ValueType type) {
  BoundExpression bound;
  bound.op = BoundExpression::Op::column;
  bound.type = type;
  bound.slot = slot;
  return bound;
}

const Expression& without_parentheses(const Expression& expression) {
  return expression.is_call("(", 1) ? without_parentheses(expression.args[0])
                                    : expression;
}

// A number, text or logical as it stands, also -2 and (2).
std::optional<Expression> literal(const Expression& expression) {
  const Expression& e = without_parentheses(expression);
  if (e.is_call("-", 1) && e.args[0].kind == Expression::Kind::number) {
    Expression negative = e.args[0];
    negative.value = -negative.value;
    return negative;
  }
  if (e.kind == Expression::Kind::name || e.kind == Expression::Kind::call) return {};
  return e;
}

class Binder {
 public:
  Binder(const Source& source, Scope& scope) : source_(source), scope_(scope) {}

  BoundExpression bind(const Expression& e) {
    switch (e.kind) {
      case Expression::Kind::number:
        return constant(e.value, ValueType::numeric);
      case Expression::Kind::logical:
        return constant(e.value, ValueType::logical);
      case Expression::Kind::text:
        throw error_at(source_,
                       e.position,
                       "a text can only be compared: sex == \"female\", "
                       "wave %in% c(\"2017\", \"2019\")");
      case Expression::Kind::name:
        return bind_name(e);
      case Expression::Kind::call:
        return bind_call(e);
    }
    return {};
  }

 private:
  BoundExpression bind_name(const Expression& e) {
    std::vector<std::string> names;
    for (std::size_t slot = 0; slot < scope_.columns.size(); ++slot) {
      if (scope_.columns[slot].name == e.word)
        return column(slot, scope_.columns[slot].type);
      names.push_back(scope_.columns[slot].name);
    }
    throw DataError(fmt::format(
        "{}: there is no '{}'{}", source_.what, e.word, did_you_mean(e.word, names)));
  }

  BoundExpression bind_call(const Expression& e) {
    if (e.word == "(" || e.word == "I") return bind(only_argument(e));
    if (e.word == "is.na") return bind_is_na(e);
    if (e.word == "gmean" || e.word == "scale") return bind_statistic(e);
    if (e.word == "%in%") return bind_contained_in(e);
    if (find_comparison(e.word) != nullptr) {
      return bind_comparison(e);
    }
    if (const auto* op = find_arithmetic(e.word); op != nullptr && e.args.size() == 2) {
      return binary_of_numbers(*op, e);
    }
    if (const auto* sign = find_prefix(e.word); sign != nullptr && e.args.size() == 1) {
      return unary(*sign, numbers(e.args[0], e));
    }
    if (const auto* function = find_function(e.word)) {
      return unary(*function, numbers(only_argument(e), e));
    }
    throw no_such_function(e);
  }

  static BoundExpression unary(const UnaryFunction& function, BoundExpression arg) {
    BoundExpression bound;
    bound.op = BoundExpression::Op::unary;
    bound.type = function.gives_truth ? ValueType::logical : ValueType::numeric;
    bound.unary = function.apply;
    bound.args = {std::move(arg)};
    return bound;
  }

  static BoundExpression binary(const BinaryOperator& op,
                                BoundExpression left,
                                BoundExpression right) {
    BoundExpression bound;
    bound.op = BoundExpression::Op::binary;
    bound.type = op.gives_truth ? ValueType::logical : ValueType::numeric;
    bound.binary = op.apply;
    bound.args.push_back(std::move(left));
    bound.args.push_back(std::move(right));
    return bound;
  }

  BoundExpression binary_of_numbers(const BinaryOperator& op, const Expression& e) {
    BoundExpression left = numbers(e.args[0], e);
    BoundExpression right = numbers(e.args[1], e);
    return binary(op, std::move(left), std::move(right));
  }

  const Expression& only_argument(const Expression& call) const {
    if (call.args.size() != 1) {
      throw error_at(
          source_,
          call.position,
          fmt::format("{}() takes one argument, found {}", call.word, call.args.size()));
    }
    return call.args[0];
  }

  // An argument that `call` computes with.
  BoundExpression numbers(const Expression& e, const Expression& call) {
    BoundExpression bound = bind(e);
    if (bound.type == ValueType::categorical) {
      const ScopeColumn& text = scope_.columns[bound.slot];
      throw DataError(
          fmt::format("{}: {} needs numbers, but column '{}' holds text ({}); compare it "
                      "with a level, "
                      "{} == \"{}\", or use it as a factor by itself",
                      source_.what,
                      call.word + (is_word(call.word) ? "()" : ""),
                      text.name,
                      list_levels(text),
                      quote_name(text.name),
                      text.levels.empty() ? "..." : text.levels.front()));
    }
    return bound;
  }

  static bool is_word(std::string_view word) {
    return std::isalpha(static_cast<unsigned char>(word.front())) != 0;
  }

  static std::string list_levels(const ScopeColumn& text) {
    constexpr std::size_t kShown = 4;
    std::string list;
    for (std::size_t i = 0; i < std::min(kShown, text.levels.size()); ++i) {
      list += (i > 0 ? ", '" : "'") + text.levels[i] + "'";
    }
    if (text.levels.size() > kShown) list += ", ...";
    return list.empty() ? "no levels" : list;
  }

  BoundExpression bind_is_na(const Expression& e) {
    return unary(kIsNa, bind(only_argument(e)));
  }

  BoundExpression bind_statistic(const Expression& e) {
    if (!scope_.allows_statistics) {
      throw error_at(
          source_,
          e.position,
          fmt::format("{}() looks at all rows used and has no place here: make a "
                      "column of it in the snapshot",
                      e.word));
    }
    Statistic statistic;
    statistic.kind =
        e.word == "gmean" ? Statistic::Kind::group_mean : Statistic::Kind::scale;
    statistic.label = deparse(e);
    statistic.argument = numbers(only_argument(e), e);  // may add statistics itself
    std::vector<std::size_t> slots;
    append_slots(statistic.argument, slots);
    for (const std::size_t slot : slots) {
      if (slot < scope_.columns.size()) continue;
      const Statistic& inner = scope_.statistics[slot - scope_.columns.size()];
      statistic.stage = std::max(statistic.stage, inner.stage + 1);
    }
    auto& known = scope_.statistics;
    const auto same =
        std::find_if(known.begin(), known.end(), [&](const Statistic& other) {
          return other.label == statistic.label;
        });
    const auto index = static_cast<std::size_t>(same - known.begin());
    if (same == known.end()) known.push_back(std::move(statistic));
    return column(scope_.columns.size() + index, ValueType::numeric);
  }

  BoundExpression bind_comparison(const Expression& e) {
    const auto* op = find_comparison(e.word);
    const std::optional<Expression> left = literal(e.args[0]);
    const std::optional<Expression> right = literal(e.args[1]);
    if (left && right) {
      throw error_at(
          source_, e.position, "this compares two constants: one must be a column");
    }
    if (right) {
      BoundExpression bound = bind(e.args[0]);
      BoundExpression value = as_value_of(bound, *right, e);
      return binary(*op, std::move(bound), std::move(value));
    }
    if (left) {
      BoundExpression bound = bind(e.args[1]);
      BoundExpression value = as_value_of(bound, *left, e);
      return binary(*op, std::move(value), std::move(bound));
    }
    return binary_of_numbers(*op, e);
  }

  // A literal as the other side of a comparison holds it: a level index for text.
  BoundExpression as_value_of(const BoundExpression& other,
                              const Expression& literal,
                              const Expression& comparison) const {
    if (other.type != ValueType::categorical) {
      if (literal.kind == Expression::Kind::text) {
        throw error_at(source_,
                       literal.position,
                       fmt::format("the text \"{}\" is compared with numbers: leave the "
                                   "quotes away, or name a categorical column",
                                   literal.word));
      }
      return constant(literal.value, other.type);
    }
    const ScopeColumn& text = scope_.columns[other.slot];
    const bool needs_order = comparison.word[0] == '<' || comparison.word[0] == '>';
    if (needs_order && !text.ordered) {
      throw DataError(
          fmt::format("{}: '{}' needs an order, but the categories of column '{}' have "
                      "none; list levels, {} %in% c(...)",
                      source_.what,
                      comparison.word,
                      text.name,
                      quote_name(text.name)));
    }
    return constant(level_index(literal, text), ValueType::categorical);
  }

  double level_index(const Expression& literal, const ScopeColumn& text) const {
    const std::string wanted = literal.kind == Expression::Kind::number
                                   ? level_text(literal.value)
                                   : literal.word;
    const auto found = std::find(text.levels.begin(), text.levels.end(), wanted);
    if (found == text.levels.end()) {
      throw error_at(source_,
                     literal.position,
                     fmt::format("column '{}' has no level '{}'{}",
                                 text.name,
                                 wanted,
                                 did_you_mean(wanted, text.levels)));
    }
    return static_cast<double>(found - text.levels.begin());
  }

  BoundExpression bind_contained_in(const Expression& e) {
    BoundExpression bound;
    bound.op = BoundExpression::Op::contained_in;
    bound.type = ValueType::logical;
    bound.args.push_back(bind(e.args[0]));
    const Expression& right = without_parentheses(e.args[1]);
    const std::vector<Expression> values =
        right.is_call("c") ? right.args : std::vector<Expression>{right};
    for (const Expression& value : values) {
      const std::optional<Expression> member = literal(value);
      if (!member) {
        throw error_at(source_,
                       value.position,
                       "the right side of %in% lists constants: wave %in% c(2017, 2019)");
      }
      bound.set.push_back(as_value_of(bound.args[0], *member, e).value);
    }
    return bound;
  }

  UsageError no_such_function(const Expression& e) const {
    if (e.word == "c") {
      return error_at(source_, e.position, "c(...) belongs on the right side of %in%");
    }
    if (e.word == ":" || e.word == "~" || e.word == "factor" || e.word == "as.factor" ||
        e.word == "offset" || e.word == "cbind") {
      return error_at(
          source_,
          e.position,
          fmt::format(
              "{} cannot be part of a computation: it stands by itself in a formula",
              e.word));
    }
    std::vector<std::string> known = {"I", "is.na", "gmean", "scale", "factor", "offset"};
    for (std::string& name : function_names())
      known.push_back(std::move(name));
    return error_at(source_,
                    e.position,
                    fmt::format("there is no function {}(){} (I, factor, offset, scale, "
                                "gmean, log, log2, log10, log1p, exp, sqrt, abs, is.na, "
                                "is.finite are there)",
                                e.word,
                                did_you_mean(e.word, known)));
  }

  const Source& source_;
  Scope& scope_;
};

}  // namespace

BoundExpression bind(const Expression& expression, const Source& source, Scope& scope) {
  return Binder(source, scope).bind(expression);
}

Eigen::ArrayXd evaluate(const BoundExpression& expression,
                        std::span<const double* const> slots,
                        Eigen::Index num_rows) {
  using Op = BoundExpression::Op;
  switch (expression.op) {
    case Op::constant:
      return Eigen::ArrayXd::Constant(num_rows, expression.value);
    case Op::column:
      return Eigen::Map<const Eigen::ArrayXd>(slots[expression.slot], num_rows);
    case Op::unary: {
      Eigen::ArrayXd x = evaluate(expression.args[0], slots, num_rows);
      for (double& value : x)
        value = expression.unary(value);
      return x;
    }
    case Op::binary: {
      Eigen::ArrayXd a = evaluate(expression.args[0], slots, num_rows);
      const Eigen::ArrayXd b = evaluate(expression.args[1], slots, num_rows);
      for (Eigen::Index i = 0; i < num_rows; ++i)
        a[i] = expression.binary(a[i], b[i]);
      return a;
    }
    case Op::contained_in: {
      Eigen::ArrayXd x = evaluate(expression.args[0], slots, num_rows);
      const std::vector<double>& set = expression.set;
      for (double& value : x) {
        value = std::find(set.begin(), set.end(), value) != set.end() ? 1.0 : 0.0;
      }
      return x;
    }
  }
  return {};
}

void append_slots(const BoundExpression& expression, std::vector<std::size_t>& slots) {
  if (expression.op == BoundExpression::Op::column) slots.push_back(expression.slot);
  for (const BoundExpression& arg : expression.args)
    append_slots(arg, slots);
}

}  // namespace merit
