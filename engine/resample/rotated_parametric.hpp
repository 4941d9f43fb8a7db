// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "engine/fit/rotated_arrays.hpp"
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

  RotatedArrays arrays_;
  double log_constant_, sigma_;
  Eigen::VectorXd draw_sd_, draw_shift_, beta_;
  RowMajor beta_factor_, direction_, direction_squared_;
  Eigen::VectorXd var_at_zero_, var_null_;
};

}  // namespace merit
