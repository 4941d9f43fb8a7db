// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/model/text.hpp"

namespace merit {

/// The syntax tree of R's expressions, as far as merit's formulas, `--where` and
/// `--quantity` need them. As in R, an operator is a call of the function with its name,
/// and parentheses are a call of "(": `-x / 2` is "/"("-"(x), 2).
///
/// Precedence and associativity are R's (?Syntax), from tightest: ^ (right), unary -, :,
/// %in%, * /, + -, comparisons (not chained), !, & &&, | ||, ~.
struct Expression {
  enum class Kind { number, logical, text, name, call };

  Kind kind = Kind::number;
  std::string word;    ///< the name, text or called function; a number as R writes it
  double value = 0.0;  ///< of a number or a logical (0, 1)
  std::vector<Expression> args;  ///< of a call
  std::size_t position = 0;  ///< where it stands in the source: of an operator, its sign

  bool is_call(const char* function) const {
    return kind == Kind::call && word == function;
  }
  bool is_call(const char* function, std::size_t num_args) const {
    return is_call(function) && args.size() == num_args;
  }
};

/// Parses the whole of source.text.
/// @throws UsageError naming what was found, what was expected, and where
Expression parse_expression(const Source& source);

/// The expression with R's spacing: `I(x - gmean(x))`, `x^2`, `x/y`, `a * b`, `a:b`. These
/// are the names of R's coefficients.
std::string deparse(const Expression& expression);

/// A text as an expression has it: "two \"words\"".
std::string quoted(const std::string& text);

/// The names in an expression (functions not counted), each once, in order of appearance.
std::vector<std::string> names_in(const Expression& expression);

}  // namespace merit
