// SPDX-License-Identifier: MIT
#include "engine/model/formula.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace merit {
namespace {

using Term = Formula::Term;
using Terms = std::vector<Term>;

Term united(const Term& a, const Term& b) {
  Term both;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

// Each once, first come first.
Terms distinct(const Terms& terms) {
  Terms result;
  for (const Term& term : terms) {
    if (std::find(result.begin(), result.end(), term) == result.end()) {
      result.push_back(term);
    }
  }
  return result;
}

Terms joined(Terms a, const Terms& b) {
  a.insert(a.end(), b.begin(), b.end());
  return distinct(a);
}

// Every term of one side with every term of the other: a:b.
Terms interactions(const Terms& a, const Terms& b) {
  Terms result;
  for (const Term& left : a) {
    for (const Term& right : b)
      result.push_back(united(left, right));
  }
  return distinct(result);
}

// (1 | g) below the operators of an expression: y ~ x > 0 + (1 | g).
bool holds_random_intercept(const Expression& e) {
  if (e.is_call("(") && e.args[0].is_call("|")) {
    return e.args[0].args[0].kind == Expression::Kind::number;
  }
  return std::any_of(e.args.begin(), e.args.end(), holds_random_intercept);
}

// Expands a parsed formula as R's terms.formula does (model.c, EncodeVars and friends).
class Expander {
 public:
  explicit Expander(Formula& formula) : formula_(formula) {}

  void expand(const Expression& right_side) {
    Terms terms = encode(right_side, Place::summand);
    std::stable_sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) {
      return a.size() < b.size();
    });
    formula_.terms = std::move(terms);
    if (formula_.group.empty()) {
      throw error_at(formula_.source,
                     formula_.source.text.size(),
                     "there is no random intercept: add + (1 | group), as in "
                     "y ~ x + (1 | school)");
    }
    if (formula_.terms.empty() && !formula_.has_intercept) {
      throw error_at(formula_.source,
                     right_side.position,
                     "no fixed effects are left: keep the intercept or a term");
    }
  }

 private:
  // Where (1 | g) and offset(e) may stand: as summands of the whole, not inside products.
  enum class Place { summand, factor };

  Terms encode(const Expression& e, Place place) {
    switch (e.kind) {
      case Expression::Kind::number:
        return intercept(e);
      case Expression::Kind::name:
        return variable(e);
      case Expression::Kind::call:
        return call(e, place);
      default:
        throw error(e, fmt::format("{} is no term of a model", deparse(e)));
    }
  }

  Terms call(const Expression& e, Place place) {
    if (e.is_call("(")) return parentheses(e, place);
    if (e.is_call("|") || e.is_call("||")) {
      throw error(
          e, fmt::format("a random intercept stands in parentheses: ({})", deparse(e)));
    }
    if (e.is_call("+", 1)) return encode(e.args[0], place);
    if (e.is_call("-", 1)) return without({}, e.args[0]);
    if (e.is_call("+")) {
      Terms left = encode(e.args[0], place);
      return joined(std::move(left), encode(e.args[1], place));
    }
    if (e.is_call("-")) return without(encode(e.args[0], place), e.args[1]);
    if (e.is_call("*")) {
      const auto [left, right] = both(e);
      return joined(joined(left, right), interactions(left, right));
    }
    if (e.is_call(":")) {
      const auto [left, right] = both(e);
      return interactions(left, right);
    }
    if (e.is_call("/")) return nested(e);
    if (e.is_call("^")) return power(e);
    if (e.is_call("offset")) return offset(e, place);
    if (e.is_call("%in%")) {
      throw error(e, "write I(x %in% c(...)) for a condition, a:b for an interaction");
    }
    if (e.is_call("~")) throw error(e, "a formula has one '~'");
    return variable(e);
  }

  std::pair<Terms, Terms> both(const Expression& e) {
    Terms left = encode(e.args[0], Place::factor);
    Terms right = encode(e.args[1], Place::factor);
    return {std::move(left), std::move(right)};
  }

  Terms parentheses(const Expression& e, Place place) {
    const Expression& inner = e.args[0];
    if (!inner.is_call("|") && !inner.is_call("||")) return encode(inner, place);
    if (place != Place::summand || deleting_) {
      throw error(inner,
                  fmt::format("the random intercept is added to the other terms: "
                              "... + ({})",
                              deparse(inner)));
    }
    random_intercept(inner);
    return {};
  }

  // 1 and 0; after a minus sign they change their meaning.
  Terms intercept(const Expression& e) {
    if (e.value != 0.0 && e.value != 1.0) {
      throw error(
          e,
          fmt::format("{} is no term of a model: only 1 and 0 are, with and without "
                      "intercept; computations go into I(...), as in I(2 * x)",
                      e.word));
    }
    formula_.has_intercept = (e.value == 1.0) != deleting_;
    return {};
  }

  Terms variable(const Expression& e) {
    if (e.kind == Expression::Kind::name && e.word == ".") {
      throw error(e, "'.' is not known here: name the columns");
    }
    if (holds_random_intercept(e)) {
      throw error(e,
                  fmt::format("'{}' takes in the random intercept as well: write the "
                              "condition as I(...)",
                              e.word));
    }
    const std::string name = deparse(e);
    if (name == deparse(formula_.response)) {
      throw error(e, fmt::format("the response {} stands on both sides of '~'", name));
    }
    if (names_in(e).empty()) {
      throw error(e, fmt::format("{} names no column", name));
    }
    auto& known = formula_.variables;
    const auto same =
        std::find_if(known.begin(), known.end(), [&](const Expression& other) {
          return deparse(other) == name;
        });
    const auto index = static_cast<std::size_t>(same - known.begin());
    if (same == known.end()) known.push_back(e);
    return {{index}};
  }

  Terms without(Terms terms, const Expression& removed) {
    const bool outer = std::exchange(deleting_, !deleting_);
    const Terms gone = encode(removed, Place::factor);
    deleting_ = outer;
    std::erase_if(terms, [&](const Term& term) {
      return std::find(gone.begin(), gone.end(), term) != gone.end();
    });
    return terms;
  }

  // a / b = a + b within all variables of a.
  Terms nested(const Expression& e) {
    const auto [left, right] = both(e);
    Term all;
    for (const Term& term : left)
      all = united(all, term);
    return joined(left, interactions({all}, right));
  }

  Terms power(const Expression& e) {
    const Expression& exponent = e.args[1];
    const bool whole = exponent.kind == Expression::Kind::number &&
                       exponent.value >= 1.0 && exponent.value <= 20.0 &&
                       exponent.value == std::floor(exponent.value);
    const Terms base = encode(e.args[0], Place::factor);
    if (base.size() == 1) {
      throw error(e,
                  fmt::format("^ crosses terms, as in (a + b)^2; for a power write I({})",
                              deparse(e)));
    }
    if (!whole) {
      throw error(exponent, "terms are crossed 1 to 20 times: (a + b)^2");
    }
    Terms result = base;
    for (int i = 1; i < static_cast<int>(exponent.value); ++i) {
      result = joined(result, interactions(result, base));
    }
    return result;
  }

  Terms offset(const Expression& e, Place place) {
    if (place != Place::summand || deleting_ || e.args.size() != 1) {
      throw error(e, "an offset is added to the other terms: ... + offset(x)");
    }
    formula_.offsets.push_back(e.args[0]);
    return {};
  }

  void random_intercept(const Expression& bar) {
    const Expression& effect = bar.args[0];
    const Expression& group = bar.args[1];
    if (bar.is_call("||")) {
      throw error(
          bar,
          fmt::format("'||' separates random slopes, and there are none: write (1 | {})",
                      deparse(group)));
    }
    if (effect.kind != Expression::Kind::number || effect.value != 1.0) {
      throw error(bar,
                  fmt::format("({}) is a random slope, but merit fits random intercepts "
                              "only: write (1 | {}) and keep {} as a fixed effect",
                              deparse(bar),
                              deparse(group),
                              slopes(effect)));
    }
    if (group.kind != Expression::Kind::name) throw not_a_column(bar, group);
    if (formula_.group == group.word) {
      throw error(bar, fmt::format("({}) is there twice: keep one", deparse(bar)));
    }
    if (!formula_.group.empty()) {
      throw error(
          bar,
          fmt::format("({}) is a second random term, but merit fits one: keep the "
                      "grouping whose variance you study and enter the other as "
                      "fixed effects, factor({})",
                      deparse(bar),
                      deparse(group)));
    }
    formula_.group = group.word;
  }

  // The columns of a random slope, for the advice.
  static std::string slopes(const Expression& effect) {
    std::string list;
    for (const std::string& name : names_in(effect)) {
      list += (list.empty() ? "" : ", ") + quote_name(name);
    }
    return list.empty() ? "the rest" : list;
  }

  UsageError not_a_column(const Expression& bar, const Expression& group) const {
    const std::string written = deparse(bar);
    if (group.is_call("/") || group.is_call("%in%")) {
      return error(
          group,
          fmt::format("({}) is two nested random terms, but merit fits one: write "
                      "(1 | {}), and enter the other level as fixed effects or "
                      "leave it out",
                      written,
                      deparse(group.args[0])));
    }
    if (group.is_call(":")) {
      return error(
          group,
          fmt::format("({}) groups by a combination: make one column of it in the "
                      "snapshot, and write (1 | that_column)",
                      written));
    }
    if (group.is_call("+") || group.is_call("*")) {
      return error(group,
                   fmt::format("({}) is several random terms, but merit fits one: write "
                               "(1 | group) with one column",
                               written));
    }
    if (group.is_call("factor") || group.is_call("as.factor")) {
      return error(
          group, "a grouping column is a factor in any case: write it without factor()");
    }
    return error(group,
                 fmt::format("({}) must name one column, as in (1 | school)", written));
  }

  UsageError error(const Expression& e, const std::string& message) const {
    return error_at(formula_.source, e.position, message);
  }

  Formula& formula_;
  bool deleting_ = false;
};

}  // namespace

Formula parse_formula(const std::string& text, const std::string& what) {
  Formula formula;
  formula.source = {what, text};
  const Expression whole = parse_expression(formula.source);
  if (!whole.is_call("~")) {
    throw error_at(formula.source,
                   text.size(),
                   "a formula has a '~' after its response, as in y ~ x + (1 | school)");
  }
  if (whole.args.size() == 1) {
    throw error_at(formula.source,
                   whole.position,
                   "there is no response before '~', as in y ~ x + (1 | school)");
  }
  formula.response = whole.args[0];
  if (formula.response.is_call("~")) {
    throw error_at(formula.source, whole.position, "a formula has one '~'");
  }
  if (names_in(formula.response).empty()) {
    throw error_at(formula.source, 0, "the response names no column");
  }
  Expander(formula).expand(whole.args[1]);
  return formula;
}

}  // namespace merit
