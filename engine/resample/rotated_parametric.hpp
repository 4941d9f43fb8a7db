// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "engine/fit/rotated_form.hpp"
#include "engine/resample/packs.hpp"
#include "engine/resample/parametric_kernel.hpp"

namespace merit {

/// Owns the arrays behind ParametricConstants.
class RotatedModel {
 public:
  /// @param fit  the model drawn from
  RotatedModel(const GroupedStats& stats,
               const RotatedForm& form,
               const FitResult& fit,
               Criterion criterion);

  /// Pointers into this object.
  ParametricConstants constants() const;

 private:
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  bool reml_;
  double num_obs_, residual_df_, log_det_XtX_, sigma_, mean_size_;
  Eigen::VectorXd mu_, draw_sd_, draw_shift_, beta_;
  RowMajor beta_factor_, direction_, direction_squared_, grid_shrink_;
  Eigen::VectorXd var_at_zero_, var_null_;
  std::vector<double> size_, size_count_, grid_, grid_factor_;
};

}  // namespace merit
