// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/fit/glmm_fit.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/posterior/prior_set.hpp"

/// What resolving priors takes of a model and its data.
namespace merit {

/// A Gaussian model's parameters as priors see them. @param terms  in the order of the report
PriorModel prior_model(std::vector<std::string> terms, bool has_intercept);

/// A generalised model's. The family's own parameters stand among the terms: thresholds first,
/// theta last.
PriorModel prior_model(const GlmmModel& model,
                       std::vector<std::string> terms,
                       bool has_intercept);

/// What data-dependent priors are scaled by.
/// @param stats  of all columns; an ordinal model's have those of an intercept first
/// @param y      as data_scales(model, y, mean, sd)
DataScales data_scales(const PriorModel& model,
                       const GroupedStats& stats,
                       std::vector<double> y);

/// Those of all rows, in their order.
std::vector<double> responses(const PackedRows& rows);

}  // namespace merit
