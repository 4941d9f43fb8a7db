// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/study/study.hpp"

namespace merit {

/// What may vary over the cells: a number of the design and how it gets into a cell.
struct GridAxis {
  std::string name;
  std::vector<double> values;  ///< one: not a factor
  std::function<void(StudyCell&, double)> set;
};

/// Number of cells of the grid, as a double: it may be more than an integer holds.
double num_grid_cells(const std::vector<GridAxis>& axes);

/// Fills study.factors and study.cells: all combinations, the last axis varying fastest. The
/// axes' functions are called in their order, so that a later one can use what earlier ones
/// have set.
void make_cells(const std::vector<GridAxis>& axes, const StudyCell& start, Study& study);

}  // namespace merit
