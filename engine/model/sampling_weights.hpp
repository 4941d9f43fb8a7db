// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/model/frame.hpp"
#include "engine/model/table.hpp"
#include "engine/model/weight_scaling.hpp"

/// Sampling weights of rows: inverse probabilities of being in the sample, given that the row's
/// group is. With few rows per group weights that are large or small as a whole bias the sd of the
/// intercepts, so they are scaled within groups first.
/// Source: Rabe-Hesketh & Skrondal (2006), J. R. Statist. Soc. A 169, 805-827, § 3.2; Pfeffermann,
/// Skinner, Holmes, Goldstein & Rasbash (1998), J. R. Statist. Soc. B 60, 23-40.
namespace merit {

/// What the weights of some rows add up to, by group.
struct WeightSums {
  static constexpr std::int64_t kNoRow = -1;

  std::vector<double> key;    ///< groups, ascending
  std::vector<double> count;  ///< rows with a weight above 0
  std::vector<double> sum, squares;
  std::int64_t bad_row = kNoRow;  ///< the first that is no weight, from 0
  double bad_value = 0.0;

  /// What a group's weights are to be multiplied with. Its sum is above 0.
  double factor(std::size_t group, WeightScaling scaling) const;
};

/// Of the used rows of a block. @param column  position in RowBlock::columns
WeightSums weight_sums(const RowBlock& rows, std::size_t column, const ModelFrame& frame);

/// @param a  of rows before those of b
WeightSums merge(const WeightSums& a, const WeightSums& b);
std::vector<std::byte> pack(const WeightSums& sums);
WeightSums unpack_weight_sums(std::span<const std::byte> bytes);

}  // namespace merit
