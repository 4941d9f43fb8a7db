// SPDX-License-Identifier: MIT
#include "engine/model/sampling_weights.hpp"

#include <cmath>
#include <map>

#include "engine/bytes.hpp"

namespace merit {
namespace {

struct Sums {
  double count = 0.0, sum = 0.0, squares = 0.0;

  void operator+=(const Sums& other) {
    count += other.count;
    sum += other.sum;
    squares += other.squares;
  }
};

WeightSums in_order(const std::map<double, Sums>& groups) {
  WeightSums out;
  for (const auto& [key, sums] : groups) {
    out.key.push_back(key);
    out.count.push_back(sums.count);
    out.sum.push_back(sums.sum);
    out.squares.push_back(sums.squares);
  }
  return out;
}

}  // namespace

std::string_view name(WeightScaling scaling) {
  switch (scaling) {
    case WeightScaling::size:
      return "size";
    case WeightScaling::effective:
      return "effective";
    case WeightScaling::none:
      return "none";
  }
  return "";
}

double WeightSums::factor(std::size_t group, WeightScaling scaling) const {
  if (scaling == WeightScaling::none) return 1.0;
  const bool by_size = scaling == WeightScaling::size;
  return by_size ? count[group] / sum[group] : sum[group] / squares[group];
}

WeightSums weight_sums(const RowBlock& rows,
                       std::size_t column,
                       const ModelFrame& frame) {
  const FrameBlock used = frame.used_rows(rows);
  const double* group = used.values[frame.group()];
  std::map<double, Sums> groups;
  std::int64_t bad = WeightSums::kNoRow;
  for (std::int64_t i = 0; i < used.counts.rows_used; ++i) {
    const std::int64_t row =
        used.uses_all_rows ? i : used.rows[static_cast<std::size_t>(i)];
    const double weight = rows.columns[column][static_cast<std::size_t>(row)];
    if (!(weight >= 0.0 && std::isfinite(weight))) {
      if (bad == WeightSums::kNoRow) bad = row;
      continue;
    }
    groups[group[row]] += {weight > 0.0 ? 1.0 : 0.0, weight, weight * weight};
  }
  WeightSums out = in_order(groups);
  if (bad != WeightSums::kNoRow) {
    out.bad_row = rows.row_number(bad);
    out.bad_value = rows.columns[column][static_cast<std::size_t>(bad)];
  }
  return out;
}

WeightSums merge(const WeightSums& a, const WeightSums& b) {
  std::map<double, Sums> groups;
  for (const WeightSums* part : {&a, &b}) {
    for (std::size_t j = 0; j < part->key.size(); ++j)
      groups[part->key[j]] += {part->count[j], part->sum[j], part->squares[j]};
  }
  WeightSums out = in_order(groups);
  const WeightSums& bad = a.bad_row != WeightSums::kNoRow ? a : b;
  out.bad_row = bad.bad_row;
  out.bad_value = bad.bad_value;
  return out;
}

std::vector<std::byte> pack(const WeightSums& sums) {
  ByteWriter writer;
  for (const auto* values : {&sums.key, &sums.count, &sums.sum, &sums.squares})
    writer.put_all(std::span<const double>(*values));
  writer.put(sums.bad_row);
  writer.put(sums.bad_value);
  return writer.take();
}

WeightSums unpack_weight_sums(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  WeightSums sums;
  for (auto* values : {&sums.key, &sums.count, &sums.sum, &sums.squares})
    *values = reader.take_vector<double>();
  sums.bad_row = reader.take<std::int64_t>();
  sums.bad_value = reader.take<double>();
  return sums;
}

}  // namespace merit
