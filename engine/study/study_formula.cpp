// SPDX-License-Identifier: MIT
#include "engine/study/study_formula.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/formula.hpp"

namespace merit {
namespace {

std::size_t covariate_index(const Study& study, const Expression& variable) {
  if (variable.kind != Expression::Kind::name) {
    throw UsageError("a study's formula takes covariates and their products, not " +
                     deparse(variable));
  }
  std::vector<std::string> names;
  for (const Covariate& covariate : study.covariates)
    names.push_back(covariate.name);
  const auto found = std::find(names.begin(), names.end(), variable.word);
  if (found == names.end()) {
    throw UsageError(fmt::format("[data.covariates] has no '{}'{}",
                                 variable.word,
                                 did_you_mean(variable.word, names)));
  }
  return static_cast<std::size_t>(found - names.begin());
}

std::size_t take_term(const StudyTerm& term, Study& study) {
  const auto found =
      std::find_if(study.terms.begin(), study.terms.end(), [&](const StudyTerm& known) {
        return known.kind == term.kind && known.covariates == term.covariates;
      });
  if (found != study.terms.end())
    return static_cast<std::size_t>(found - study.terms.begin());
  study.terms.push_back(term);
  return study.terms.size() - 1;
}

void check_names(const Formula& formula, Study& study) {
  if (formula.response.kind != Expression::Kind::name)
    throw UsageError("a study's response is a name, not " + deparse(formula.response));
  if (study.response.empty()) {
    study.response = formula.response.word;
    study.group = formula.group;
  }
  if (formula.response.word != study.response || formula.group != study.group) {
    throw UsageError(
        fmt::format("the data have the response {} and the groups {}, not "
                    "{} and {}",
                    study.response,
                    study.group,
                    formula.response.word,
                    formula.group));
  }
  if (!formula.has_intercept) {
    throw UsageError(
        "a study's models have an intercept: leave out 0 + and - 1, and give "
        "\"(Intercept)\" = 0 in [data.coefficients]");
  }
  if (!formula.offsets.empty()) throw UsageError("a study's formula takes no offset()");
}

}  // namespace

std::vector<std::size_t> take_formula(const std::string& text, Study& study) {
  const Formula formula = parse_formula(text);
  check_names(formula, study);
  std::vector<std::size_t> variables;
  for (const Expression& variable : formula.variables)
    variables.push_back(covariate_index(study, variable));
  std::vector<std::size_t> out;
  if (study.family == Family::ordinal) {
    for (std::size_t t = 0; t < static_cast<std::size_t>(study.num_thresholds()); ++t)
      out.push_back(t);
  } else {
    out.push_back(take_term({"(Intercept)", {}, TermKind::intercept}, study));
  }
  const auto leading = std::ssize(out);
  for (const Formula::Term& term : formula.terms) {
    StudyTerm taken;
    for (const std::size_t variable : term) {
      if (!taken.name.empty()) taken.name += ':';
      taken.name += quote_name(study.covariates[variables[variable]].name);
      taken.covariates.push_back(variables[variable]);
    }
    std::sort(taken.covariates.begin(), taken.covariates.end());
    out.push_back(take_term(taken, study));
  }
  std::sort(out.begin() + leading, out.end());
  if (study.family == Family::negbinomial)
    out.push_back(take_term({"theta", {}, TermKind::theta}, study));
  return out;
}

}  // namespace merit
