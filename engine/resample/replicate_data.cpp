// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_data.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/model/group_moments.hpp"
#include "engine/resample/drawn_rows.hpp"

namespace merit {

ReplicateData replicate_data(GroupRows rows, bool has_intercept, SimdLevel simd) {
  std::vector<double> group(static_cast<std::size_t>(rows.z.rows()));
  for (std::size_t j = 0; j < rows.key.size(); ++j)
    std::fill(
        group.begin() + rows.first[j], group.begin() + rows.first[j + 1], rows.key[j]);
  const GroupMoments moments = group_moments(rows.z, group, WithinDetail::pooled, simd);
  return {.stats = grouped_stats(moments, has_intercept),
          .rows = std::make_shared<const GroupRows>(std::move(rows))};
}

std::shared_ptr<const GlmmModel> drawn_model(const GlmmModel& model,
                                             std::span<const std::int64_t> groups,
                                             Stream* within) {
  DrawnRows drawn(model.rows);
  drawn.draw(groups, within);
  GlmmModel replicate = model;
  replicate.rows = drawn.rows();  // keeps the memory
  describe_outcome(
      replicate.family, replicate.rows, replicate.rows.y, replicate.response);
  return std::make_shared<const GlmmModel>(std::move(replicate));
}

}  // namespace merit
