// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "engine/fit/rotated_constants.hpp"
#include "engine/fit/rotated_form.hpp"

namespace merit {

/// Owns the arrays behind RotatedConstants: eigenvalues, group sizes, and the grid on which the
/// search for λ̂ begins.
class RotatedArrays {
 public:
  /// @param lambda  of the model that data come from: the grid reaches well beyond
  RotatedArrays(const GroupedStats& stats,
                const RotatedForm& form,
                double lambda,
                Criterion criterion);

  /// Pointers into this object.
  RotatedConstants constants() const;

 private:
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  bool reml_;
  double criterion_df_, residual_df_, mean_size_;
  Eigen::VectorXd mu_;
  RowMajor grid_shrink_;
  std::vector<double> size_, size_count_, grid_, grid_factor_;
};

}  // namespace merit
