// SPDX-License-Identifier: MIT
#include "engine/model/contrasts.hpp"

#include <algorithm>
#include <utility>

namespace merit {
namespace {

using Term = Formula::Term;

bool contains_all(const Term& whole, const Term& part) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

// Whether `variable` keeps its first level in this term (R's code 2).
bool keeps_first_level(const std::vector<Term>& terms,
                       std::size_t term,
                       std::size_t variable) {
  Term margin = terms[term];
  std::erase(margin, variable);
  if (margin.empty()) return false;  // see first_factor for a missing intercept
  return std::none_of(terms.begin(),
                      terms.begin() + static_cast<std::ptrdiff_t>(term),
                      [&](const Term& earlier) { return contains_all(earlier, margin); });
}

using Position = std::pair<std::size_t, std::size_t>;  // term, variable

// The first factor of the first term that has one.
std::optional<Position> first_factor(const std::vector<Term>& terms,
                                     const std::vector<VariableKind>& variables) {
  for (std::size_t term = 0; term < terms.size(); ++term) {
    for (const std::size_t variable : terms[term]) {
      if (variables[variable].is_factor) return Position{term, variable};
    }
  }
  return std::nullopt;
}

// Columns of one variable within a term: itself, or one per level.
std::vector<ModelColumn> variable_columns(std::size_t index,
                                          const VariableKind& variable,
                                          bool with_first_level) {
  if (!variable.is_factor) return {{variable.name, {{index, std::nullopt}}}};
  std::vector<ModelColumn> columns;
  for (std::size_t i = with_first_level ? 0 : 1; i < variable.levels.size(); ++i) {
    const Level& level = variable.levels[i];
    columns.push_back({variable.name + level.label, {{index, level.value}}});
  }
  return columns;
}

// All products, the left side varying fastest.
std::vector<ModelColumn> products(const std::vector<ModelColumn>& left,
                                  const std::vector<ModelColumn>& right) {
  std::vector<ModelColumn> result;
  for (const ModelColumn& b : right) {
    for (const ModelColumn& a : left) {
      ModelColumn column = a;
      column.name += ":" + b.name;
      column.components.insert(
          column.components.end(), b.components.begin(), b.components.end());
      result.push_back(std::move(column));
    }
  }
  return result;
}

}  // namespace

std::vector<ModelColumn> model_columns(const Formula& formula,
                                       const std::vector<VariableKind>& variables) {
  std::vector<ModelColumn> columns;
  std::optional<Position> full;
  if (formula.has_intercept) {
    columns.push_back({"(Intercept)", {}});
  } else {
    full = first_factor(formula.terms, variables);
  }
  for (std::size_t term = 0; term < formula.terms.size(); ++term) {
    std::vector<ModelColumn> of_term;
    for (const std::size_t variable : formula.terms[term]) {
      const bool with_first = full == Position{term, variable} ||
                              keeps_first_level(formula.terms, term, variable);
      std::vector<ModelColumn> more =
          variable_columns(variable, variables[variable], with_first);
      of_term = of_term.empty() ? std::move(more) : products(of_term, more);
    }
    columns.insert(columns.end(), of_term.begin(), of_term.end());
  }
  return columns;
}

}  // namespace merit
