// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Dense>

#include "engine/model/expression.hpp"

namespace merit {

enum class ValueType { numeric, logical, categorical };

/// A column that an expression may name.
struct ScopeColumn {
  std::string name;
  ValueType type = ValueType::numeric;
  bool ordered = false;
  std::vector<std::string> levels;  ///< of a categorical column
};

/// An expression tied to columns: every name is a slot, every text a level index.
///
/// All values are doubles: numbers, 0/1 for logical ones, level indices; NaN is missing and
/// spreads as R's NA does (NA & FALSE is FALSE, NA %in% c(1) is FALSE).
struct BoundExpression {
  enum class Op { constant, column, unary, binary, contained_in };

  Op op = Op::constant;
  ValueType type = ValueType::numeric;
  double value = 0.0;                          ///< of a constant
  std::size_t slot = 0;                        ///< of a column
  double (*unary)(double) = nullptr;           ///< of a function or a sign
  double (*binary)(double, double) = nullptr;  ///< of an operator
  std::vector<double> set;                     ///< right side of %in%
  std::vector<BoundExpression> args;
};

/// A column that stands for a statistic of many rows, made from an argument.
struct Statistic {
  enum class Kind { group_mean, scale };

  Kind kind = Kind::group_mean;
  BoundExpression argument;
  std::string label;      ///< "gmean(x)"
  std::size_t stage = 0;  ///< surveys that must come before: 1 for scale(x - gmean(x))
};

/// What names mean. Slots 0, 1, … are `columns`; the slots after them are `statistics`,
/// which bind() adds as it meets gmean(...) and scale(...).
struct Scope {
  std::vector<ScopeColumn> columns;
  bool allows_statistics = false;
  std::vector<Statistic> statistics;
};

/// @throws UsageError for an unknown function, a wrong number of arguments, an unknown level
/// @throws DataError for a name that is no column, or text where numbers are needed
BoundExpression bind(const Expression& expression, const Source& source, Scope& scope);

/// Values of the expression on rows 0 … num_rows − 1.
/// @param slots  per slot, a pointer to num_rows values; null if the expression has no use
Eigen::ArrayXd evaluate(const BoundExpression& expression,
                        std::span<const double* const> slots,
                        Eigen::Index num_rows);

/// Adds the slots that the expression reads to `slots` (may repeat).
void append_slots(const BoundExpression& expression, std::vector<std::size_t>& slots);

}  // namespace merit
