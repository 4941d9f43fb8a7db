// SPDX-License-Identifier: MIT
#include "engine/model/group_column.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "engine/bytes.hpp"

namespace merit {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Values {
  double value, other;

  void add(double next) {
    if (std::isnan(other) && next != value) other = next;
  }
};

GroupColumn in_order(const std::map<double, Values>& groups, std::int64_t missing_row) {
  GroupColumn out;
  for (const auto& [key, values] : groups) {
    out.key.push_back(key);
    out.value.push_back(values.value);
    out.other.push_back(values.other);
  }
  out.missing_row = missing_row;
  return out;
}

}  // namespace

GroupColumn group_column(const RowBlock& rows,
                         std::size_t column,
                         const ModelFrame& frame) {
  const FrameBlock used = frame.used_rows(rows);
  const double* group = used.values[frame.group()];
  std::map<double, Values> groups;
  auto current = groups.end();
  std::int64_t missing_row = GroupColumn::kNoRow;
  for (std::int64_t i = 0; i < used.counts.rows_used; ++i) {
    const std::int64_t row =
        used.uses_all_rows ? i : used.rows[static_cast<std::size_t>(i)];
    const double value = rows.columns[column][static_cast<std::size_t>(row)];
    if (std::isnan(value)) {
      if (missing_row == GroupColumn::kNoRow) missing_row = rows.row_number(row);
      continue;
    }
    if (current == groups.end() || current->first != group[row])
      current = groups.try_emplace(group[row], Values{value, kNone}).first;
    current->second.add(value);
  }
  return in_order(groups, missing_row);
}

GroupColumn merge(const GroupColumn& a, const GroupColumn& b) {
  std::map<double, Values> groups;
  for (std::size_t i = 0; i < a.key.size(); ++i)
    groups.emplace(a.key[i], Values{a.value[i], a.other[i]});
  for (std::size_t i = 0; i < b.key.size(); ++i) {
    const auto [at, is_new] =
        groups.try_emplace(b.key[i], Values{b.value[i], b.other[i]});
    if (is_new) continue;
    at->second.add(b.value[i]);
    if (!std::isnan(b.other[i])) at->second.add(b.other[i]);
  }
  return in_order(groups,
                  a.missing_row == GroupColumn::kNoRow ? b.missing_row : a.missing_row);
}

std::vector<std::byte> pack(const GroupColumn& column) {
  ByteWriter writer;
  writer.put_all(std::span<const double>(column.key));
  writer.put_all(std::span<const double>(column.value));
  writer.put_all(std::span<const double>(column.other));
  writer.put(column.missing_row);
  return writer.take();
}

GroupColumn unpack_group_column(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  GroupColumn column;
  column.key = reader.take_vector<double>();
  column.value = reader.take_vector<double>();
  column.other = reader.take_vector<double>();
  column.missing_row = reader.take<std::int64_t>();
  return column;
}

}  // namespace merit
