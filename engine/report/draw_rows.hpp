// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/report/report.hpp"

namespace merit {

/// One column of draws, chain after chain.
using ReadColumn = std::function<std::vector<double>(std::size_t column)>;

/// Summarises draws: the rows get posterior mean, sd, equal-tailed interval, R-hat, effective
/// sample sizes and Monte Carlo error in the place of the fit's estimates.
///
/// @param rows       whose columns are the first ones, in this order
/// @param read       one column at a time, so that memory holds one
/// @param per_chain  draws of each chain
/// @return remarks: parameters whose draws are too few or do not agree between chains
///         (R-hat ≥ 1.01, or fewer than 100 effective draws per chain)
std::vector<std::string> summarize_draw_columns(std::vector<TidyRow>& rows,
                                                const ReadColumn& read,
                                                std::int64_t per_chain,
                                                double level);

}  // namespace merit
