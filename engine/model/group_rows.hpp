// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Dense>

namespace merit {

/// The model's rows z = [x, y] in memory, ordered by group and, within a group, as in the
/// snapshot: what resampling of rows needs.
struct GroupRows {
  std::vector<double> key;          ///< J, ascending
  std::vector<std::int64_t> first;  ///< J + 1, group j has rows first[j] … first[j+1] − 1
  Eigen::MatrixXd z;                ///< n × (p+1)
  std::vector<double> weight;       ///< n, sampling weights; empty: none
};

/// Room for the rows of these groups, to be filled in any order.
GroupRows lay_out_group_rows(std::vector<double> key,
                             const std::vector<std::int64_t>& size,
                             Eigen::Index num_columns);

/// Rows that are in memory, in order.
GroupRows group_rows(const Eigen::MatrixXd& z, const std::vector<double>& group);

}  // namespace merit
