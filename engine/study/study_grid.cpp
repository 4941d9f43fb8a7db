// SPDX-License-Identifier: MIT
#include "engine/study/study_grid.hpp"

namespace merit {

double num_grid_cells(const std::vector<GridAxis>& axes) {
  double cells = 1.0;
  for (const GridAxis& axis : axes)
    cells *= static_cast<double>(axis.values.size());
  return cells;
}

void make_cells(const std::vector<GridAxis>& axes, const StudyCell& start, Study& study) {
  study.factors.clear();
  for (const GridAxis& axis : axes) {
    if (axis.values.size() > 1) study.factors.push_back(axis.name);
  }
  study.cells.clear();
  std::vector<std::size_t> at(axes.size(), 0);
  for (bool more = true; more;) {
    StudyCell cell = start;
    for (std::size_t a = 0; a < axes.size(); ++a) {
      const double value = axes[a].values[at[a]];
      if (axes[a].values.size() > 1) cell.factor.push_back(value);
      axes[a].set(cell, value);
    }
    study.cells.push_back(std::move(cell));
    more = false;
    for (std::size_t a = axes.size(); a-- > 0 && !more;) {
      more = ++at[a] < axes[a].values.size();
      if (!more) at[a] = 0;
    }
  }
}

}  // namespace merit
