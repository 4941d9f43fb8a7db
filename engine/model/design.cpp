// SPDX-License-Identifier: MIT
#include "engine/model/design.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {
namespace {

// A nested model is of the same outcome: what differs, named.
void check_same_outcome(const Formula& formula, const Formula& nested) {
  const auto refuse =
      [&](const std::string& what, const std::string& its, const std::string& needed) {
        throw UsageError(fmt::format(
            "{} {}: its {} is {}, but the model's is {}; a nested model differs "
            "in its fixed effects alone",
            nested.source.what,
            nested.source.text,
            what,
            its,
            needed));
      };
  const auto text_of = [](const Formula& of) {
    std::string text;
    for (const Expression& offset : of.offsets)
      text += (text.empty() ? "" : " + ") + deparse(offset);
    return text.empty() ? std::string("none") : text;
  };
  if (deparse(nested.response) != deparse(formula.response))
    refuse("response", deparse(nested.response), deparse(formula.response));
  if (nested.group != formula.group) refuse("grouping", nested.group, formula.group);
  if (text_of(nested) != text_of(formula))
    refuse("offset", text_of(nested), text_of(formula));
}

// Adds `nested`'s variables to the formula's, where its terms then find them.
void share_variables(Formula& formula, Formula& nested) {
  std::vector<std::size_t> place;
  for (Expression& variable : nested.variables) {
    const std::string text = deparse(variable);
    const auto same = std::find_if(
        formula.variables.begin(), formula.variables.end(), [&](const Expression& own) {
          return deparse(own) == text;
        });
    place.push_back(static_cast<std::size_t>(same - formula.variables.begin()));
    if (same == formula.variables.end()) formula.variables.push_back(variable);
  }
  for (Formula::Term& term : nested.terms) {
    for (std::size_t& variable : term)
      variable = place[variable];
    std::sort(term.begin(), term.end());
  }
  nested.variables = formula.variables;
}

// The formula, with the variables of the nested one.
const Formula& joined(Formula& formula, std::optional<Formula>& nested) {
  if (nested) {
    check_same_outcome(formula, *nested);
    share_variables(formula, *nested);
  }
  return formula;
}

bool same_components(const ModelColumn& a, const ModelColumn& b) {
  return std::equal(a.components.begin(),
                    a.components.end(),
                    b.components.begin(),
                    b.components.end(),
                    [](const ModelColumn::Component& x, const ModelColumn::Component& y) {
                      return x.variable == y.variable && x.level == y.level;
                    });
}

// The values of the rows used, one after the other.
void copy_used(const FrameBlock& frame, const double* values, std::vector<double>& out) {
  const auto num_used = static_cast<std::size_t>(frame.counts.rows_used);
  if (frame.uses_all_rows) {
    out.assign(values, values + num_used);
    return;
  }
  out.resize(num_used);
  for (std::size_t i = 0; i < num_used; ++i)
    out[i] = values[frame.rows[i]];
}

}  // namespace

Eigen::MatrixXd DesignBlock::z() const {
  Eigen::MatrixXd z(num_rows(), std::ssize(columns));
  for (Eigen::Index k = 0; k < z.cols(); ++k)
    std::copy_n(columns[static_cast<std::size_t>(k)], z.rows(), z.col(k).data());
  return z;
}

Design::Design(Formula formula,
               Table& table,
               const FrameOptions& options,
               std::optional<Formula> nested)
    : formula_(std::move(formula)),
      nested_(std::move(nested)),
      family_(options.family),
      frame_(joined(formula_, nested_), table, options) {
  if (!needs_survey()) make_columns();
}

void Design::complete(const DesignSurvey& survey) {
  frame_.complete(survey);
  if (!needs_survey()) make_columns();
}

void Design::make_columns() {
  columns_ = model_columns(formula_, frame_.variable_kinds());
  names_.clear();
  for (const ModelColumn& column : columns_)
    names_.push_back(column.name);
  nested_columns_.clear();
  if (!nested_) return;
  for (const ModelColumn& column : model_columns(*nested_, frame_.variable_kinds())) {
    const auto same =
        std::find_if(columns_.begin(), columns_.end(), [&](const ModelColumn& own) {
          return same_components(own, column);
        });
    nested_columns_.push_back({column.name, same - columns_.begin()});
    if (same == columns_.end()) columns_.push_back(column);
  }
}

DesignBlock Design::evaluate(const RowBlock& block) const {
  DesignBlock out;
  evaluate(block, out);
  return out;
}

void Design::evaluate(const RowBlock& block, DesignBlock& out) const {
  assert(!needs_survey());
  out.frame = frame_.evaluate(block);
  const FrameBlock& frame = out.frame;
  out.counts = frame.counts;
  const auto num_used = static_cast<std::size_t>(frame.counts.rows_used);
  const std::size_t num_columns = columns_.size();
  out.columns.resize(num_columns + 1);
  out.computed.resize(num_columns + 2);
  // A variable on the rows used: where it is, or copied.
  const auto show = [&](std::size_t variable, std::vector<double>& copy) {
    const double* values = frame.values[variable];
    if (frame.uses_all_rows) return values;
    copy_used(frame, values, copy);
    return static_cast<const double*>(copy.data());
  };

  std::vector<double> factor;
  for (std::size_t k = 0; k < num_columns; ++k) {
    const std::vector<ModelColumn::Component>& components = columns_[k].components;
    std::vector<double>& product = out.computed[k];
    if (components.size() == 1 && !components.front().level) {
      out.columns[k] = show(components.front().variable, product);
      continue;
    }
    product.assign(num_used, 1.0);
    for (const ModelColumn::Component& component : components) {
      copy_used(frame, frame.values[component.variable], factor);
      for (std::size_t i = 0; i < num_used; ++i) {
        const double value = !component.level                ? factor[i]
                             : factor[i] == *component.level ? 1.0
                                                             : 0.0;
        product[i] *= value;
      }
    }
    out.columns[k] = product.data();
  }

  if (family_ != Family::gaussian) {
    evaluate_response(block, out);
  } else {
    std::vector<double>& response = out.computed[num_columns];
    out.columns[num_columns] = show(frame_.response(), response);
    if (!frame_.offsets().empty()) {
      copy_used(frame, frame.values[frame_.response()], response);
      for (const std::size_t offset : frame_.offsets()) {
        copy_used(frame, frame.values[offset], factor);
        for (std::size_t i = 0; i < num_used; ++i)
          response[i] -= factor[i];
      }
      out.columns[num_columns] = response.data();
    }
  }
  out.group = show(frame_.group(), out.computed[num_columns + 1]);
  if (const auto& column = frame_.pweights())
    copy_used(frame, block.columns[*column].data(), out.pweight);
}

void Design::evaluate_response(const RowBlock& block, DesignBlock& out) const {
  const FrameBlock& frame = out.frame;
  const auto num_used = static_cast<std::size_t>(frame.counts.rows_used);
  std::vector<double>& response = out.computed[columns_.size()];
  copy_used(frame, frame.values[frame_.response()], response);
  out.columns.back() = response.data();
  out.offset.assign(num_used, 0.0);
  std::vector<double> values;
  for (const std::size_t offset : frame_.offsets()) {
    copy_used(frame, frame.values[offset], values);
    for (std::size_t i = 0; i < num_used; ++i)
      out.offset[i] += values[i];
  }
  out.trials.assign(num_used, 1.0);
  const bool has_more = frame_.response_form() != ResponseForm::value;
  if (has_more) copy_used(frame, frame.values[frame_.beside_response()], out.trials);
  ResponseRows rows{
      .response = frame_.variable_name(frame_.response()),
      .other = has_more ? frame_.variable_name(frame_.beside_response()) : "",
      .y = response,
      .other_values = out.trials,
      .row_number = [&](std::int64_t i) {
        return 1 + block.row_number(
                       frame.uses_all_rows ? i : frame.rows[static_cast<std::size_t>(i)]);
      }};
  check_response(family_, frame_.response_form(), rows);
}

}  // namespace merit
