// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace merit {

// The functions of expressions on single numbers. Truth is 1 or 0, missing is NaN.

struct UnaryFunction {
  std::string_view name;
  double (*apply)(double);
  bool gives_truth;  ///< a condition, not a number
};

struct BinaryOperator {
  std::string_view sign;
  double (*apply)(double, double);
  bool gives_truth;
};

/// log, exp, sqrt, …; null if there is none of that name.
const UnaryFunction* find_function(std::string_view name);
/// Their names, for people.
std::vector<std::string> function_names();

extern const UnaryFunction kIsNa;  ///< is.na, also of categories

const UnaryFunction* find_prefix(std::string_view sign);       ///< - + !
const BinaryOperator* find_arithmetic(std::string_view sign);  ///< + - * / ^ & && | ||
const BinaryOperator* find_comparison(std::string_view sign);  ///< == != < <= > >=

}  // namespace merit
