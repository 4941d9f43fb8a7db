// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/study/study.hpp"

namespace merit {

/// What stands where in a row of a study (ReplicateRows), with T terms:
///
///     0 … T − 1                  estimates of the terms, with standard errors
///     T + kT … T + kT + T − 1    for the k-th way of inference that a data set decides on:
///                                degrees of freedom in the place of estimates, and its
///                                standard errors
///     then                       τ̂, σ̂, without standard errors
///
/// NaN where an estimator does not have it.
class StudyColumns {
 public:
  explicit StudyColumns(const Study& study);

  /// Columns that have standard errors.
  std::int64_t num_with_error() const;
  std::int64_t tau() const { return num_with_error(); }
  std::int64_t sigma() const { return tau() + 1; }
  /// Where a term's standard error is and, if the inference is estimated, its degrees of
  /// freedom.
  std::int64_t place(std::size_t term, StudyDf df) const;
  /// Those that have standard errors: "x", "df[kr][x]".
  std::vector<std::string> names() const;

 private:
  std::vector<std::string> terms_;
  std::vector<StudyDf> estimated_;
};

}  // namespace merit
