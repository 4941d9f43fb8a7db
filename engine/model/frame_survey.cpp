// SPDX-License-Identifier: MIT
// ModelFrame: the facts of one block that a survey gathers.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "engine/model/frame.hpp"

namespace merit {
namespace {

// Calls visit(row) for the rows used, in order.
template <typename Visit>
void for_each_used_row(const FrameBlock& frame, Visit visit) {
  if (frame.uses_all_rows) {
    for (std::int64_t row = 0; row < frame.counts.rows_used; ++row)
      visit(row);
  } else {
    for (const std::int32_t row : frame.rows)
      visit(std::int64_t{row});
  }
}

// Ascending. @throws DataError if they are too many
std::vector<double> distinct_values(const FrameBlock& frame,
                                    const double* values,
                                    const std::string& name) {
  std::vector<double> distinct;
  for_each_used_row(frame, [&](std::int64_t row) {
    const double value = values[row] + 0.0;  // one zero
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), value);
    if (place != distinct.end() && *place == value) return;
    if (std::isnan(value)) return;  // evaluate() reports it
    distinct.insert(place, value);
    if (distinct.size() > kMaxLevels) throw too_many_levels(name);
  });
  return distinct;
}

// Mean as the first number plus a mean difference from it, so that a large common origin
// costs no digits; then squares from that mean.
Moments moments_of(const std::vector<double>& x) {
  if (x.empty()) return {};
  const auto n = static_cast<double>(x.size());
  double shift = 0.0;
  for (const double value : x)
    shift += value - x.front();
  Moments moments = {n, x.front() + shift / n, 0.0};
  for (const double value : x) {
    moments.squares += (value - moments.mean) * (value - moments.mean);
  }
  return moments;
}

// Groups of the rows used as they appear: a number per row, a key per number.
struct BlockGroups {
  std::vector<std::size_t> of_row;
  std::vector<double> keys;
  std::vector<double> sizes;
};

BlockGroups number_groups(const FrameBlock& frame, const double* group) {
  BlockGroups groups;
  std::unordered_map<double, std::size_t> numbers;
  for_each_used_row(frame, [&](std::int64_t row) {
    const double key = group[row] + 0.0;
    const bool same_as_last =
        !groups.of_row.empty() && groups.keys[groups.of_row.back()] == key;
    std::size_t number = 0;
    if (same_as_last) {
      number = groups.of_row.back();
    } else {
      number = numbers.try_emplace(key, groups.keys.size()).first->second;
      if (number == groups.keys.size()) {
        groups.keys.push_back(key);
        groups.sizes.push_back(0.0);
      }
    }
    groups.sizes[number] += 1.0;
    groups.of_row.push_back(number);
  });
  return groups;
}

// Per group as numbered, by the same rule as moments_of.
std::vector<double> means_by_group(const FrameBlock& frame,
                                   const BlockGroups& groups,
                                   const Eigen::ArrayXd& x) {
  std::vector<double> origin(groups.keys.size(), kMissing);
  std::vector<double> shift(groups.keys.size(), 0.0);
  std::size_t next = 0;
  for_each_used_row(frame, [&](std::int64_t row) {
    const std::size_t j = groups.of_row[next++];
    if (std::isnan(origin[j])) origin[j] = x[row];
    shift[j] += x[row] - origin[j];
  });
  for (std::size_t j = 0; j < origin.size(); ++j)
    origin[j] += shift[j] / groups.sizes[j];
  return origin;
}

std::vector<double> permuted(const std::vector<double>& values,
                             const std::vector<std::size_t>& order) {
  std::vector<double> result;
  result.reserve(values.size());
  for (const std::size_t i : order)
    result.push_back(values[i]);
  return result;
}

void require_finite(double value, std::int64_t row, const std::string& label) {
  if (std::isfinite(value)) return;
  throw DataError(fmt::format(
      "{} meets {} in row {}, where a finite number is needed: mend the data, "
      "or leave such rows out with --where",
      label,
      format_number(value),
      row + 1));
}

}  // namespace

DesignSurvey ModelFrame::survey_block(const RowBlock& block) const {
  assert(needs_survey());
  const std::vector<std::uint8_t> in_where = rows_of_where(block);
  const FrameBlock frame = select_rows(block, in_where);
  DesignSurvey survey;
  survey.counts = frame.counts;

  for (std::size_t v = 0; stage_ == 0 && v < variables_.size(); ++v) {
    const Variable& variable = variables_[v];
    if (!variable.needs_levels) continue;
    survey.levels.push_back(distinct_values(frame, frame.values[v], variable.kind.name));
  }

  Slots slots = column_slots(block);
  add_statistics(slots, block.num_rows);
  BlockGroups groups;
  std::vector<std::size_t> ascending;
  for (const Statistic& statistic : scope_.statistics) {
    if (statistic.stage != stage_) continue;
    const Eigen::ArrayXd x =
        merit::evaluate(statistic.argument, slots.values, block.num_rows);
    if (statistic.kind == Statistic::Kind::scale) {
      std::vector<double> there;
      for (std::int64_t row = 0; row < block.num_rows; ++row) {
        const bool wanted =
            in_where.empty() || in_where[static_cast<std::size_t>(row)] != 0;
        if (!wanted || std::isnan(x[row])) continue;
        require_finite(x[row], block.row_number(row), statistic.label);
        there.push_back(x[row]);
      }
      survey.scales.push_back(moments_of(there));
      continue;
    }
    for_each_used_row(frame, [&](std::int64_t row) {
      require_finite(x[row], block.row_number(row), statistic.label);
    });
    if (survey.group_means.empty()) {
      groups = number_groups(frame, frame.values[group_]);
      ascending.resize(groups.keys.size());
      std::iota(ascending.begin(), ascending.end(), std::size_t{0});
      std::sort(ascending.begin(), ascending.end(), [&](std::size_t a, std::size_t b) {
        return groups.keys[a] < groups.keys[b];
      });
      survey.groups = permuted(groups.keys, ascending);
      survey.group_sizes = permuted(groups.sizes, ascending);
    }
    survey.group_means.push_back(permuted(means_by_group(frame, groups, x), ascending));
  }
  return survey;
}

}  // namespace merit
