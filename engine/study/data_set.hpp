// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// One simulated data set: rows in the order of the groups.
struct DataSet {
  std::int64_t cell = 0, repetition = 0;  ///< which one, from 0
  std::vector<std::int64_t> size;         ///< J, rows of the group
  /// n values (and up to seven behind them that mean nothing) per covariate and per term; the
  /// intercept's column is empty.
  std::vector<AlignedVector<double>> covariate;
  std::vector<AlignedVector<double>> column;
  AlignedVector<double> y;

  std::int64_t num_groups() const { return static_cast<std::int64_t>(size.size()); }
  std::int64_t num_obs() const {
    std::int64_t n = 0;
    for (const std::int64_t rows : size)
      n += rows;
    return n;
  }
};

/// The number of each row's group, from 0.
inline std::vector<double> group_numbers(const DataSet& data) {
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(data.num_obs()));
  for (std::size_t j = 0; j < data.size.size(); ++j)
    out.insert(out.end(), static_cast<std::size_t>(data.size[j]), static_cast<double>(j));
  return out;
}

}  // namespace merit
