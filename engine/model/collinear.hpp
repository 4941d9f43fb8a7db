// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <Eigen/Dense>

#include "engine/model/grouped_stats.hpp"

namespace merit {

/// A fixed-effect column that earlier columns determine.
struct AliasedColumn {
  Eigen::Index column = 0;
  std::vector<Eigen::Index>
      of;  ///< earlier columns that it is a combination of; empty: 0
};

/// Columns of X that are linear combinations of earlier ones, in R's order: the later
/// column is the aliased one.
///
/// Each column is regressed on the independent ones before it, from the cross-products about
/// the common origin; it is aliased if less than 10⁻¹³ of its sum of squares is left (R's
/// lm: less than 10⁻⁷ of its norm, without centring).
std::vector<AliasedColumn> aliased_columns(const GroupedStats& stats);

/// The same statistics without some columns of X. @param dropped  ascending
GroupedStats drop_columns(const GroupedStats& stats,
                          const std::vector<Eigen::Index>& dropped);

}  // namespace merit
