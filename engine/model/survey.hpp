// SPDX-License-Identifier: MIT
#pragma once

// What a design must know of all rows before it can evaluate one: the levels that occur,
// group means, means and standard deviations. Gathered per block of kBlockRows rows and
// merged over a fixed tree, the results are the same bits on any number of ranks.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/error.hpp"

namespace merit {

/// How the rows of a table fare. Rows add up: read = excluded_by_where + dropped for missing
/// values + used; a row that misses two columns counts in both of `rows_dropped`.
struct RowCounts {
  std::int64_t rows_read = 0;
  std::int64_t rows_excluded_by_where = 0;  ///< false or missing
  std::int64_t rows_used = 0;
  std::vector<std::int64_t> rows_dropped;  ///< per column of Design::table_columns()

  RowCounts& operator+=(const RowCounts& other);
  bool operator==(const RowCounts&) const = default;
};

/// Count, mean and sum of squared deviations from it, of some numbers.
struct Moments {
  double count = 0.0;
  double mean = 0.0;
  double squares = 0.0;  ///< Σ (x − mean)²

  bool operator==(const Moments&) const = default;
};

/// Facts about some rows; what is looked for is up to the design that made it.
struct DesignSurvey {
  RowCounts counts;
  std::vector<std::vector<double>>
      levels;                       ///< per factor, its distinct values, ascending
  std::vector<Moments> scales;      ///< per scale(x)
  std::vector<double> groups;       ///< groups of used rows, ascending; for gmean(x)
  std::vector<double> group_sizes;  ///< rows used, per group
  std::vector<std::vector<double>> group_means;  ///< per gmean(x), per group

  bool operator==(const DesignSurvey&) const = default;
};

/// More distinct values than this are no factor.
inline constexpr std::size_t kMaxLevels = 2'000;
DataError too_many_levels(const std::string& factor);

/// Moments of two sets of numbers together (Chan, Golub & LeVeque 1983).
Moments merge(const Moments& a, const Moments& b);

/// The survey of two parts of a table together. Levels, groups and counts are exact in any
/// order; means are rounded, so merge in a fixed order. An empty DesignSurvey is neutral.
DesignSurvey merge(const DesignSurvey& a, const DesignSurvey& b);

/// For sending to another rank of the same program.
std::vector<std::byte> pack(const DesignSurvey& survey);
DesignSurvey unpack(std::span<const std::byte> bytes);

}  // namespace merit
