// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/model/group_rows.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/resample/scheme.hpp"
#include "engine/resample/strata.hpp"

namespace merit {

/// What a cases bootstrap draws with replacement: whole groups, rows within each group, or
/// groups and then rows within each drawn group. A group drawn twice is two groups.
/// Source: van der Leeden, Meijer & Busing (2008), Handbook of Multilevel Analysis, § 11.4.
enum class ResampleUnit { groups, rows, both };

/// The group in the place of each in a replicate of that seed: drawn, or of `rows` each itself.
void draw_groups(const Strata& strata,
                 ResampleUnit unit,
                 std::uint64_t seed,
                 std::int64_t replicate,
                 std::vector<std::int64_t>& groups);

/// Draws J of J groups per replicate. The rows are not needed: a replicate re-weights the
/// groups' means and within-group products, cost O(Jp²).
/// @param stats    with `group_within`
/// @param stratum  as of Strata: groups are drawn within their stratum
std::unique_ptr<Scheme> group_bootstrap(const GroupedStats& stats,
                                        const FitResult& fit,
                                        const SchemeOptions& options,
                                        const std::vector<std::int32_t>& stratum = {});

/// Draws n_j of n_j rows within each group (`ResampleUnit::rows`), or J of J groups and
/// then n_j rows within each (`both`; its groups are those of `group_bootstrap` with the
/// same seed). Cost O(n p²) per replicate.
/// @param rows     all rows of the model, by group
/// @param stratum  as of Strata; `both` alone
std::unique_ptr<Scheme> row_bootstrap(const GroupedStats& stats,
                                      std::shared_ptr<const GroupRows> rows,
                                      ResampleUnit unit,
                                      const FitResult& fit,
                                      const SchemeOptions& options,
                                      const std::vector<std::int32_t>& stratum = {});

}  // namespace merit
