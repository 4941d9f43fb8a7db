// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/fit/glmm_fit.hpp"
#include "engine/model/group_rows.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/random/stream.hpp"
#include "engine/simd/level.hpp"

namespace merit {

/// The data set of a replicate, in the form in which its scheme was given the original: what a
/// bootstrap of the replicate draws from in its turn. Its groups are the slots of the original's,
/// numbered 0 … J − 1: a group drawn twice is two.
struct ReplicateData {
  GroupedStats stats = {};                     ///< Gaussian
  std::shared_ptr<const GroupRows> rows = {};  ///< the same, of schemes that draw rows
  std::shared_ptr<const GlmmModel> glmm = {};  ///< other families
};

/// Of rows in memory. Cost O(n p²).
/// @param has_intercept  column 0 is the constant 1
ReplicateData replicate_data(GroupRows rows, bool has_intercept, SimdLevel simd);

/// A model of other families on groups drawn from its rows, each with its rows or with as many
/// drawn from them. @param within  null: the rows as they are
std::shared_ptr<const GlmmModel> drawn_model(const GlmmModel& model,
                                             std::span<const std::int64_t> groups,
                                             Stream* within);

}  // namespace merit
