// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/model/expression.hpp"

namespace merit {

/// An R formula `response ~ fixed effects + (1 | group)`, expanded into terms but not yet
/// tied to any data.
///
/// The fixed part follows R's terms.formula: `a * b` = a + b + a:b, `a / b` = a + a:b,
/// `(a + b)^2`, `- term`, `0 +`, `- 1`; a term is a set of variables; terms are ordered by
/// number of variables, then by appearance, without duplicates.
struct Formula {
  /// Indices into `variables`, ascending: {0, 2} is the interaction of the first and third.
  using Term = std::vector<std::size_t>;

  Source source;                      ///< as typed
  Expression response;                ///< `y`, `log(y)`, `cbind(events, nonevents)`
  std::vector<Expression> variables;  ///< of the fixed effects, also of deleted terms
  std::vector<Term> terms;
  bool has_intercept = true;
  std::vector<Expression> offsets;  ///< arguments of offset(...)
  std::string group;                ///< column of the random intercept
};

/// @throws UsageError if the text is no formula, uses `.`, or has other than exactly one
///   random intercept `(1 | group)`: random slopes, several and nested groupings are refused
///   with what to do instead
/// @param what  where the text stands, for messages
Formula parse_formula(const std::string& text, const std::string& what = "formula");

}  // namespace merit
