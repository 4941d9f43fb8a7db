// SPDX-License-Identifier: MIT
#include "engine/model/frequency.hpp"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "engine/bytes.hpp"
#include "engine/error.hpp"
#include "engine/model/text.hpp"

namespace merit {
namespace {

std::vector<double> in_either(const std::vector<double>& a,
                              const std::vector<double>& b) {
  std::vector<double> out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

void sort_unique(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

WeightedGroups merge(const WeightedGroups& a, const WeightedGroups& b) {
  return {in_either(a.counted, b.counted), in_either(a.not_counted, b.not_counted)};
}

std::vector<std::byte> pack(const WeightedGroups& groups) {
  ByteWriter writer;
  writer.put_all(std::span<const double>(groups.counted));
  writer.put_all(std::span<const double>(groups.not_counted));
  return writer.take();
}

WeightedGroups unpack_weighted_groups(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  WeightedGroups groups;
  groups.counted = reader.take_vector<double>();
  groups.not_counted = reader.take_vector<double>();
  return groups;
}

WeightedGroups check_weights(const RowBlock& rows,
                             std::size_t column,
                             const std::string& name,
                             const ModelFrame& frame) {
  const FrameBlock used = frame.used_rows(rows);
  const double* group = used.values[frame.group()];
  WeightedGroups groups;
  for (std::int64_t i = 0; i < used.counts.rows_used; ++i) {
    const std::int64_t row =
        used.uses_all_rows ? i : used.rows[static_cast<std::size_t>(i)];
    const double weight = rows.columns[column][static_cast<std::size_t>(row)];
    if (!(weight >= 0.0 && weight <= kLargestWeight && std::floor(weight) == weight)) {
      throw DataError(fmt::format(
          "{}: {} in row {}; a frequency is a whole number from 0 to {:.0f}{}",
          name,
          std::isnan(weight) ? "missing" : shortest(weight),
          rows.row_number(row) + 1,
          kLargestWeight,
          std::isnan(weight) || weight < 0.0 || weight > kLargestWeight
              ? ""
              : " (sampling weights are --pweights)"));
    }
    (weight > 0.0 ? groups.counted : groups.not_counted).push_back(group[row]);
  }
  sort_unique(groups.counted);
  sort_unique(groups.not_counted);
  return groups;
}

std::optional<double> group_without_weight(const WeightedGroups& groups) {
  for (const double group : groups.not_counted) {
    if (!std::binary_search(groups.counted.begin(), groups.counted.end(), group))
      return group;
  }
  return std::nullopt;
}

}  // namespace merit
