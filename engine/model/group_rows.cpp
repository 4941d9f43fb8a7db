// SPDX-License-Identifier: MIT
#include "engine/model/group_rows.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace merit {

GroupRows lay_out_group_rows(std::vector<double> key,
                             const std::vector<std::int64_t>& size,
                             Eigen::Index num_columns) {
  GroupRows rows;
  rows.key = std::move(key);
  rows.first.push_back(0);
  for (const std::int64_t n : size)
    rows.first.push_back(rows.first.back() + n);
  rows.z.resize(rows.first.back(), num_columns);
  return rows;
}

GroupRows group_rows(const Eigen::MatrixXd& z, const std::vector<double>& group) {
  std::vector<Eigen::Index> order(group.size());
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  const auto key_of = [&group](Eigen::Index row) {
    return group[static_cast<std::size_t>(row)];
  };
  std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) {
    return key_of(a) < key_of(b);
  });
  GroupRows rows;
  rows.z.resize(z.rows(), z.cols());
  for (Eigen::Index i = 0; i < z.rows(); ++i) {
    const Eigen::Index row = order[static_cast<std::size_t>(i)];
    if (rows.key.empty() || rows.key.back() != key_of(row)) {
      rows.key.push_back(key_of(row));
      rows.first.push_back(i);
    }
    rows.z.row(i) = z.row(row);
  }
  rows.first.push_back(z.rows());
  return rows;
}

}  // namespace merit
