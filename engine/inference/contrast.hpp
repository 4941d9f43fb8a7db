// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "engine/inference/wald.hpp"

namespace merit {

/// Reads a linear hypothesis about coefficients that are called as in the tables:
///
///     x = 0, z = 0            two rows, tested together
///     classA = classB         one row; a = b = c is two
///     2*x - 0.5*`I(x^2)` = 1  numbers times names; without "=" it is "= 0"
///
/// A name is the longest one that fits, so `age` does not hide `age:sexfemale`; backquotes
/// are allowed around it.
/// @param terms  p names
/// @throws UsageError naming what is wrong and where: an unknown name, a number that stands
///         alone, rows that depend on each other, a row without a coefficient
LinearHypothesis parse_hypothesis(const std::string& text,
                                  std::span<const std::string> terms);

}  // namespace merit
