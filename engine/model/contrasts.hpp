// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/formula.hpp"

namespace merit {

/// One level of a factor, as it stands in the data and in coefficient names.
struct Level {
  double value = 0.0;  ///< what the frame's variable holds: level index, number, 0/1
  std::string label;
};

/// What contrasts need to know of a variable.
struct VariableKind {
  std::string name;  ///< as R deparses it
  bool is_factor = false;
  std::vector<Level> levels;  ///< of a factor: those that occur, reference first
};

/// A column of the design matrix: the product of its components. None: a column of ones.
struct ModelColumn {
  struct Component {
    std::size_t variable = 0;
    std::optional<double> level;  ///< present: 1 where the variable equals it, else 0
  };

  std::string name;
  std::vector<Component> components;
};

/// The columns of R's model.matrix with treatment contrasts, in R's order.
///
/// A factor in a term has one column per level but the first if the term without it is
/// there as well (within an earlier term, or the intercept for a term of one variable), and
/// one per level, the first included, if it is not. Without an intercept, the first factor
/// of the first term that has one gets all its levels. (R: TermCode in model.c; Chambers &
/// Hastie 1992, Statistical Models in S, p. 38.)
std::vector<ModelColumn> model_columns(const Formula& formula,
                                       const std::vector<VariableKind>& variables);

}  // namespace merit
