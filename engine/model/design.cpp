// SPDX-License-Identifier: MIT
#include "engine/model/design.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace merit {
namespace {

// The values of the rows used, one after the other.
void copy_used(const FrameBlock& frame, const double* values, double* out) {
  if (frame.uses_all_rows) {
    std::copy_n(values, frame.counts.rows_used, out);
  } else {
    for (const std::int32_t row : frame.rows)
      *out++ = values[row];
  }
}

}  // namespace

Design::Design(Formula formula, Table& table, const FrameOptions& options)
    : formula_(std::move(formula)), frame_(formula_, table, options) {
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
}

DesignBlock Design::evaluate(const RowBlock& block) const {
  DesignBlock out;
  evaluate(block, out);
  return out;
}

void Design::evaluate(const RowBlock& block, DesignBlock& out) const {
  assert(!needs_survey());
  FrameBlock frame = frame_.evaluate(block);
  const Eigen::Index num_used = frame.counts.rows_used;
  const auto num_columns = static_cast<Eigen::Index>(columns_.size());
  out.z.resize(num_used, num_columns + 1);

  Eigen::ArrayXd values(num_used);
  for (Eigen::Index k = 0; k < num_columns; ++k) {
    const ModelColumn& column = columns_[static_cast<std::size_t>(k)];
    auto z = out.z.col(k).array();
    if (column.components.empty()) z.setOnes();
    for (const ModelColumn::Component& component : column.components) {
      const bool first = &component == &column.components.front();
      double* target = first ? z.data() : values.data();
      copy_used(frame, frame.values[component.variable], target);
      if (component.level) {
        Eigen::Map<Eigen::ArrayXd> dummy(target, num_used);
        dummy = (dummy == *component.level).cast<double>();
      }
      if (!first) z *= values;
    }
  }

  auto y = out.z.col(num_columns).array();
  copy_used(frame, frame.values[frame_.response()], y.data());
  for (const std::size_t offset : frame_.offsets()) {
    copy_used(frame, frame.values[offset], values.data());
    y -= values;
  }

  out.group.resize(static_cast<std::size_t>(num_used));
  copy_used(frame, frame.values[frame_.group()], out.group.data());
  for (double& key : out.group)
    key += 0.0;  // one zero, not two
  out.counts = std::move(frame.counts);
}

}  // namespace merit
