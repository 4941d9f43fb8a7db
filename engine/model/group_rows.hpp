// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Dense>

namespace merit {

/// The model's rows z = [x, y] in memory, ordered by group and, within a group, as in the
/// snapshot: what resampling of rows needs.
struct GroupRows {
  std::vector<double> key;          ///< J, ascending
  std::vector<std::int64_t> first;  ///< J + 1, group j has rows first[j] … first[j+1] − 1
  Eigen::MatrixXd z;                ///< n × (p+1)
};

/// The rows of one block, and of two neighbouring runs of blocks.
GroupRows group_rows(const Eigen::MatrixXd& z, const std::vector<double>& group);
GroupRows merge(const GroupRows& a, const GroupRows& b);

std::vector<std::byte> pack(const GroupRows& rows);
GroupRows unpack_group_rows(std::span<const std::byte> bytes);

}  // namespace merit
