// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Dense>

#include "engine/model/group_moments.hpp"

namespace merit::testing {

/// A data set as the model sees it.
struct TwoLevelRows {
  Eigen::MatrixXd z;          ///< n × (p+1), columns [x, y]
  std::vector<double> group;  ///< n
  bool has_intercept = true;  ///< column 0 is the constant 1

  Eigen::Index num_fixed() const { return z.cols() - 1; }
};

inline GroupedStats stats_of(const TwoLevelRows& rows,
                             WithinDetail detail = WithinDetail::per_group) {
  return grouped_stats(group_moments(rows.z, rows.group, detail, SimdLevel::v2),
                       rows.has_intercept);
}

/// Statistics of an intercept-only model from group sizes, group means of y and the
/// within-group sum of squares.
inline GroupedStats one_way(const std::vector<double>& size,
                            const std::vector<double>& mean,
                            double within) {
  GroupedStats stats;
  const auto J = static_cast<Eigen::Index>(size.size());
  stats.within = Eigen::MatrixXd::Zero(2, 2);
  stats.within(1, 1) = within;
  stats.mean = Eigen::MatrixXd::Ones(2, J);
  stats.size.resize(J);
  stats.origin = Eigen::VectorXd::Zero(2);
  for (std::size_t j = 0; j < size.size(); ++j) {
    stats.size[static_cast<Eigen::Index>(j)] = size[j];
    stats.mean(1, static_cast<Eigen::Index>(j)) = mean.at(j);
    stats.key.push_back(static_cast<double>(j));
  }
  return stats;
}

/// What a random data set is made of.
struct Recipe {
  std::vector<int> sizes;  ///< rows per group
  int person_columns = 1;  ///< normal, with group means of their own
  int dummy_columns = 0;   ///< 0 or 1 per row
  int group_columns = 0;   ///< normal, constant in each group
  bool has_intercept = true;
  double tau = 0.5, sigma = 1.0;
};

/// Coefficient k is 1 + k/10; rows of the groups are interleaved.
inline TwoLevelRows random_rows(const Recipe& recipe, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  const int first = recipe.has_intercept ? 1 : 0;
  const int p =
      first + recipe.person_columns + recipe.dummy_columns + recipe.group_columns;
  std::vector<std::vector<double>> rows;
  TwoLevelRows data;
  data.has_intercept = recipe.has_intercept;
  for (std::size_t j = 0; j < recipe.sizes.size(); ++j) {
    std::vector<double> of_group(static_cast<std::size_t>(p));
    for (double& value : of_group)
      value = normal(random);
    const double intercept = recipe.tau * normal(random);
    for (int i = 0; i < recipe.sizes[j]; ++i) {
      std::vector<double> row;
      if (recipe.has_intercept) row.push_back(1.0);
      for (int k = 0; k < recipe.person_columns; ++k)
        row.push_back(normal(random) + 0.5 * of_group[row.size()]);
      for (int k = 0; k < recipe.dummy_columns; ++k)
        row.push_back(normal(random) + 0.3 * of_group[row.size()] > 0.4 ? 1.0 : 0.0);
      for (int k = 0; k < recipe.group_columns; ++k)
        row.push_back(of_group[row.size()]);
      double y = intercept + recipe.sigma * normal(random);
      for (std::size_t k = 0; k < row.size(); ++k)
        y += (1.0 + static_cast<double>(k) / 10.0) * row[k];
      row.push_back(y);
      rows.push_back(row);
      data.group.push_back(static_cast<double>(j));
    }
  }
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  const std::vector<double> group = data.group;
  data.z.resize(static_cast<Eigen::Index>(rows.size()), p + 1);
  for (std::size_t i = 0; i < order.size(); ++i) {
    data.group[i] = group[order[i]];
    for (int a = 0; a <= p; ++a) {
      data.z(static_cast<Eigen::Index>(i), a) =
          rows[order[i]][static_cast<std::size_t>(a)];
    }
  }
  return data;
}

/// Columns of a CSV file in tests/data: the response, the group, and covariates after the
/// intercept. Texts of the group column are numbered in order of appearance.
inline TwoLevelRows read_rows(const std::string& file,
                              const std::string& response,
                              const std::string& group,
                              const std::vector<std::string>& covariates = {}) {
  std::ifstream in(std::string(MERIT_TEST_DATA) + "/data/" + file);
  if (!in) throw std::runtime_error(file + ": not found");
  const auto split = [](const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream text(line);
    for (std::string cell; std::getline(text, cell, ',');)
      cells.push_back(cell);
    return cells;
  };
  std::string line;
  std::getline(in, line);
  std::map<std::string, std::size_t> position;
  for (const std::string& name : split(line))
    position.emplace(name, position.size());
  std::map<std::string, double> codes;
  std::vector<std::vector<double>> rows;
  TwoLevelRows data;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = split(line);
    const std::string& key = cells.at(position.at(group));
    data.group.push_back(
        codes.emplace(key, static_cast<double>(codes.size())).first->second);
    std::vector<double> row = {1.0};
    for (const std::string& name : covariates)
      row.push_back(std::stod(cells.at(position.at(name))));
    row.push_back(std::stod(cells.at(position.at(response))));
    rows.push_back(row);
  }
  data.z.resize(static_cast<Eigen::Index>(rows.size()),
                static_cast<Eigen::Index>(covariates.size()) + 2);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t a = 0; a < rows[i].size(); ++a)
      data.z(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(a)) = rows[i][a];
  }
  return data;
}

}  // namespace merit::testing
