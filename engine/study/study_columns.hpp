// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/study/study.hpp"

namespace merit {

/// What stands where in a row of a study (ReplicateRows), with T terms and P = T + 2 parameters,
/// τ and σ being the last:
///
///     0 … T − 1    estimates of the terms, with standard errors
///     T each       for every way of inference whose degrees of freedom a data set decides on:
///                  these in the place of estimates, and its standard errors
///     P            if there are bootstraps or posteriors: means and sds of replicates or draws in
///                  the places of estimates and standard errors
///     P each       for every way whose intervals a row keeps: lower and upper ends in these places
///     then         τ̂, σ̂, without standard errors
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

  /// τ and σ as parameters; terms are what they are.
  std::size_t tau_parameter() const { return terms_.size(); }
  std::size_t sigma_parameter() const { return terms_.size() + 1; }
  /// Of the replicates or draws of a parameter.
  std::int64_t spread(std::size_t parameter) const;
  /// The ends of a parameter's interval.
  std::int64_t interval(std::size_t parameter, StudyDf way) const;

  /// Those that have standard errors: "x", "df[kr][x]", "draws[x]", "interval[perc][x]".
  std::vector<std::string> names() const;

 private:
  std::int64_t num_parameters() const { return std::ssize(terms_) + 2; }
  std::int64_t first_spread() const {
    return std::ssize(terms_) * (1 + std::ssize(estimated_));
  }

  std::vector<std::string> terms_;
  std::vector<StudyDf> estimated_;
  bool has_spread_ = false;
  std::vector<StudyDf> kept_;
};

}  // namespace merit
