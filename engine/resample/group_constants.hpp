// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/resample/grouped_kernel.hpp"

namespace merit {

/// Lower triangle of a symmetric matrix, row by row.
Eigen::VectorXd packed_lower(const Eigen::MatrixXd& symmetric);

/// Owns the arrays behind GroupConstants.
class GroupArrays {
 public:
  /// Products and per-group within matrices are laid out only if `stats` has the latter.
  GroupArrays(const GroupedStats& stats, const FitResult& fit, Criterion criterion);

  /// Pointers into this object.
  GroupConstants constants() const;

  /// The statistics of these groups; one that is named twice is two, and slot s has the key s.
  GroupedStats drawn(const std::vector<std::int64_t>& groups) const;

 private:
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  bool reml_, has_intercept_;
  double mean_size_;
  Eigen::VectorXd origin_, size_, within_;
  RowMajor mean_, product_, group_within_, grid_log_;
  std::vector<double> grid_;
};

}  // namespace merit
