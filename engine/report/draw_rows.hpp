// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/posterior/power_scaling.hpp"
#include "engine/report/report.hpp"

namespace merit {

/// One column of draws, chain after chain.
using ReadColumn = std::function<std::vector<double>(std::size_t column)>;

/// A posterior's draws under its prior and its likelihood scaled.
struct Scalings {
  PowerScaling prior;
  PowerScaling likelihood;
};

struct DrawRemarks {
  bool converged = true;  ///< all R-hat and effective sample sizes are good
  std::vector<std::string> notes;
};

/// Summarises draws: the rows get posterior mean, sd, equal-tailed interval, R-hat, effective
/// sample sizes and Monte Carlo error in the place of the fit's estimates; parameters (not group
/// intercepts) also their sensitivity to prior and likelihood.
///
/// @param rows       whose columns are the first ones, in this order
/// @param read       one column at a time, so that memory holds one
/// @param per_chain  draws of each chain
/// @return remarks: parameters whose draws are too few or do not agree between chains
///         (R-hat ≥ 1.01, or fewer than 100 effective draws per chain); those that are
///         sensitive to their prior
DrawRemarks summarize_draw_columns(std::vector<TidyRow>& rows,
                                   const ReadColumn& read,
                                   std::int64_t per_chain,
                                   double level,
                                   const Scalings& scalings);

}  // namespace merit
