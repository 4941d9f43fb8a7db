// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "engine/resample/replicate_rows.hpp"
#include "engine/study/study.hpp"

namespace merit {

/// What the estimators made of one data set of a study.
struct RepetitionReport {
  Study study;
  std::int64_t cell = 0;        ///< from 0
  std::int64_t repetition = 0;  ///< from 0
  std::int64_t num_obs = 0;
  /// Of its bootstraps and posteriors, as --seed of merit bootstrap and merit sample.
  std::uint64_t seed = 0;
  ReplicateRows rows;  ///< one per estimator
};

/// One line per estimator, term and way of inference: estimator, term, df, truth, estimate,
/// std.error, den.df, conf.low, conf.high (of ways that keep their intervals), status.
std::string repetition_csv(const RepetitionReport& report);
std::string repetition_json(const RepetitionReport& report);
std::string repetition_table(const RepetitionReport& report);

}  // namespace merit
