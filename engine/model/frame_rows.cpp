// SPDX-License-Identifier: MIT
// ModelFrame: which rows of a block are used, and the values of the variables on them.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "engine/model/frame.hpp"
#include "engine/simd/finite.hpp"

namespace merit {
ModelFrame::Slots ModelFrame::column_slots(const RowBlock& block) const {
  assert(block.columns.size() == scope_.columns.size());
  Slots slots;
  for (const std::vector<double>& column : block.columns) {
    slots.values.push_back(column.data());
  }
  slots.values.resize(scope_.columns.size() + scope_.statistics.size());
  slots.computed.resize(scope_.statistics.size());
  return slots;
}

// Arguments in place of statistics: gmean(x) and scale(x) are missing where x is.
void ModelFrame::add_statistic_arguments(Slots& slots, Eigen::Index num_rows) const {
  for (std::size_t i = 0; i < scope_.statistics.size(); ++i) {
    slots.computed[i] =
        merit::evaluate(scope_.statistics[i].argument, slots.values, num_rows);
    slots.values[scope_.columns.size() + i] = slots.computed[i].data();
  }
}

// The statistics that are surveyed; the others stay null.
void ModelFrame::add_statistics(Slots& slots, Eigen::Index num_rows) const {
  const double* group = slots.values[variables_[group_].expression.slot];
  for (std::size_t i = 0; i < scope_.statistics.size(); ++i) {
    const Statistic& statistic = scope_.statistics[i];
    if (statistic.stage >= stage_) continue;
    Eigen::ArrayXd& values = slots.computed[i];
    if (statistic.kind == Statistic::Kind::group_mean) {
      values.resize(num_rows);
      for (Eigen::Index row = 0; row < num_rows; ++row) {
        const std::ptrdiff_t index = groups_.find(group[row]);
        values[row] = index == GroupIndex::kNone
                          ? kMissing
                          : group_means_[i][static_cast<std::size_t>(index)];
      }
    } else {
      const Moments& moments = scales_[i];
      const double sd = std::sqrt(moments.squares / (moments.count - 1.0));
      values = merit::evaluate(statistic.argument, slots.values, num_rows);
      values = (values - moments.mean) / sd;
    }
    slots.values[scope_.columns.size() + i] = values.data();
  }
}

// 1 for rows where --where is true, 0 where it is false or missing; empty without --where.
std::vector<std::uint8_t> ModelFrame::rows_of_where(const RowBlock& block) const {
  if (!where_) return {};
  const Eigen::ArrayXd truth =
      merit::evaluate(*where_, column_slots(block).values, block.num_rows);
  std::vector<std::uint8_t> in_where(static_cast<std::size_t>(block.num_rows));
  std::transform(truth.begin(), truth.end(), in_where.begin(), [](double value) {
    return static_cast<std::uint8_t>(!std::isnan(value) && value != 0.0);
  });
  return in_where;
}

FrameBlock ModelFrame::select_rows(const RowBlock& block,
                                   const std::vector<std::uint8_t>& in_where) const {
  const auto num_rows = static_cast<std::size_t>(block.num_rows);
  Slots slots = column_slots(block);
  add_statistic_arguments(slots, block.num_rows);

  FrameBlock frame;
  frame.counts.rows_read = block.num_rows;
  frame.counts.rows_dropped.assign(scope_.columns.size(), 0);
  frame.computed.resize(variables_.size());
  std::vector<std::uint8_t> used = in_where;  // empty while all are
  std::vector<std::vector<std::uint8_t>> missing(scope_.columns.size());

  for (std::size_t v = 0; v < variables_.size(); ++v) {
    const Variable& variable = variables_[v];
    const double* values = nullptr;
    bool finite = false;
    if (variable.expression.op == BoundExpression::Op::column) {
      const std::size_t slot = variable.expression.slot;
      values = slots.values[slot];
      finite = slot < block.all_finite.size() ? block.all_finite[slot] != 0
                                              : all_finite({values, num_rows});
    } else {
      frame.computed[v] =
          merit::evaluate(variable.expression, slots.values, block.num_rows);
      values = frame.computed[v].data();
      finite = all_finite({values, num_rows});
    }
    // With gmean(x) or scale(x) in it, these are stand-ins: evaluate() makes the values.
    frame.values.push_back(variable.uses_statistics ? nullptr : values);
    if (finite) continue;

    frame.suspects.push_back(v);
    if (used.empty()) used.assign(num_rows, 1);
    for (std::size_t row = 0; row < num_rows; ++row) {
      if (!std::isnan(values[row]) || (!in_where.empty() && in_where[row] == 0)) continue;
      for (const std::size_t slot : variable.inputs) {
        if (!std::isnan(slots.values[slot][row])) continue;
        if (missing[slot].empty()) missing[slot].resize(num_rows);
        missing[slot][row] = 1;
        used[row] = 0;
      }
    }
  }

  for (std::size_t slot = 0; slot < missing.size(); ++slot) {
    frame.counts.rows_dropped[slot] =
        std::accumulate(missing[slot].begin(), missing[slot].end(), std::int64_t{0});
  }
  frame.counts.rows_excluded_by_where =
      std::count(in_where.begin(), in_where.end(), std::uint8_t{0});
  frame.counts.rows_used = used.empty()
                               ? block.num_rows
                               : std::count(used.begin(), used.end(), std::uint8_t{1});
  frame.uses_all_rows = frame.counts.rows_used == block.num_rows;
  if (!frame.uses_all_rows) {
    frame.rows.reserve(static_cast<std::size_t>(frame.counts.rows_used));
    for (std::size_t row = 0; row < num_rows; ++row) {
      if (used[row] != 0) frame.rows.push_back(static_cast<std::int32_t>(row));
    }
  }
  return frame;
}

FrameBlock ModelFrame::evaluate(const RowBlock& block) const {
  assert(!needs_survey());
  FrameBlock frame = select_rows(block, rows_of_where(block));
  if (!scope_.statistics.empty()) {
    Slots slots = column_slots(block);
    add_statistics(slots, block.num_rows);
    for (std::size_t v = 0; v < variables_.size(); ++v) {
      if (!variables_[v].uses_statistics) continue;
      frame.computed[v] =
          merit::evaluate(variables_[v].expression, slots.values, block.num_rows);
      frame.values[v] = frame.computed[v].data();
      const auto num_rows = static_cast<std::size_t>(block.num_rows);
      if (!all_finite({frame.values[v], num_rows})) frame.suspects.push_back(v);
    }
  }
  check_finite(block, frame);
  return frame;
}

// Only rows that are used count: a row may be infinite where it is left out.
void ModelFrame::check_finite(const RowBlock& block, const FrameBlock& frame) const {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::size_t culprit = 0;
  for (const std::size_t v : frame.suspects) {
    const double* values = frame.values[v];
    for (std::int64_t i = 0; i < frame.counts.rows_used; ++i) {
      const std::int64_t row =
          frame.uses_all_rows ? i : frame.rows[static_cast<std::size_t>(i)];
      if (row >= first) break;
      if (!std::isfinite(values[row])) {
        first = row;
        culprit = v;
      }
    }
  }
  if (first == std::numeric_limits<std::int64_t>::max()) return;
  const Variable& variable = variables_[culprit];
  std::string made_of;
  if (variable.expression.op != BoundExpression::Op::column) {
    for (const std::size_t slot : variable.inputs) {
      made_of +=
          fmt::format("{}{} = {}",
                      made_of.empty() ? " (" : ", ",
                      quote_name(scope_.columns[slot].name),
                      shortest(block.columns[slot][static_cast<std::size_t>(first)]));
    }
    made_of += ")";
  }
  const std::string remedy =
      variable.uses_statistics
          ? "mend the data"
          : fmt::format(
                "mend the data, or leave such rows out with --where 'is.finite({})'",
                variable.kind.name);
  throw DataError(fmt::format("{} is {} in row {}{}, where a finite number is needed: {}",
                              variable.kind.name,
                              format_number(frame.values[culprit][first]),
                              block.row_number(first) + 1,
                              made_of,
                              remedy));
}

}  // namespace merit
