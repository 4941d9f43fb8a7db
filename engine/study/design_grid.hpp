// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "engine/study/problems.hpp"
#include "engine/study/study.hpp"
#include "engine/study/study_grid.hpp"
#include "engine/study/table_reader.hpp"

namespace merit {

/// What makes the cells of a study: where they begin, and what varies over them.
struct DesignGrid {
  std::vector<GridAxis> axes;
  StudyCell start;
};

/// Reads the numbers of [data] and [data.coefficients]: groups and their sizes, standard
/// deviations, coefficients and what stands in the place of the intercept. A list makes a factor.
///
/// @param data_terms    of the formula that makes the data
/// @param thresholds    of an ordinal response
/// @param family_known  false: the family is told to be wrong already
/// @param values_known  false: the snapshots' values are not there, and intercepts not computed
/// @param study         its terms, covariates and snapshots; it must outlive the grid
DesignGrid read_design_grid(const TableReader& data,
                            const std::vector<std::size_t>& data_terms,
                            const std::vector<double>& thresholds,
                            bool family_known,
                            bool values_known,
                            const Study& study,
                            Problems& problems);

}  // namespace merit
