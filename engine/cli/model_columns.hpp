// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <Eigen/Dense>

#include "engine/cli/model_data.hpp"
#include "engine/model/design.hpp"

/// Which of a design's columns are those of the model, and of a model nested in it.
namespace merit {

/// Statistics of the formula's own columns.
GroupedStats model_stats(const Design& design, const GroupMoments& moments);

/// Refuses aliased columns, or drops them with a note; the columns that are left.
/// @param whose  begins the sentence, e.g. "--null y ~ x + (1 | g): "
/// @throws DataError naming them, without --drop-collinear
std::vector<Eigen::Index> resolve_collinear(const ModelOptions& options,
                                            const std::string& whose,
                                            ModelData& data);

/// The model of --null on the rows of `data`; the design's columns that it has.
///
/// @param kept  the design's columns that the model itself has
/// @throws UsageError naming columns that are no combination of the model's, or if nothing is
///         left out
std::vector<Eigen::Index> nest_model(const ModelOptions& options,
                                     const Design& design,
                                     const GroupMoments& moments,
                                     const std::vector<Eigen::Index>& kept,
                                     ModelData& data,
                                     NestedModel& nested);

}  // namespace merit
