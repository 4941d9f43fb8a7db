// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/resample/replicate_rows.hpp"
#include "engine/study/data_generator.hpp"
#include "engine/study/measures.hpp"
#include "engine/study/study.hpp"
#include "engine/study/study_columns.hpp"

namespace merit {

/// How an estimator did with one estimand in one cell.
struct Performance {
  std::int64_t cell = 0;
  std::size_t estimator = 0;  ///< of the study
  StudyDf df = StudyDf::normal;
  bool has_interval = true;  ///< false: of a standard deviation only the estimates
  std::string estimand;
  double truth = 0.0;
  std::int64_t num_rows = 0;  ///< repetitions that are there
  std::array<std::int64_t, kNumReplicateStatuses> by_status{};
  /// Repetitions whose estimate has no interval (or standard error) of this kind.
  std::int64_t num_without_interval = 0;
  /// Repetitions without an estimate, or without an interval.
  std::int64_t num_failed() const {
    return num_rows - measures.num_estimates + num_without_interval;
  }
  Measure failed;    ///< share of the repetitions without an estimate or interval
  Measure boundary;  ///< share with τ̂ = 0, of those with an estimate
  Measures measures;
};

/// The measures by their names in tables: rsimsum's and simhelpers' (study/measures.hpp).
struct MeasureColumn {
  const char* name;
  Measure (*of)(const Performance&);
};

inline constexpr MeasureColumn kMeasures[] = {
    {"bias", [](const Performance& row) { return row.measures.bias; }},
    {"rbias", [](const Performance& row) { return row.measures.rbias; }},
    {"empse", [](const Performance& row) { return row.measures.empse; }},
    {"mse", [](const Performance& row) { return row.measures.mse; }},
    {"rmse", [](const Performance& row) { return row.measures.rmse; }},
    {"modelse", [](const Performance& row) { return row.measures.modelse; }},
    {"relerror", [](const Performance& row) { return row.measures.relerror; }},
    {"coverage", [](const Performance& row) { return row.measures.coverage; }},
    {"width", [](const Performance& row) { return row.measures.width; }},
    {"rej_rate", [](const Performance& row) { return row.measures.rej_rate; }},
    {"failed", [](const Performance& row) { return row.failed; }},
    {"boundary", [](const Performance& row) { return row.boundary; }},
};

/// Status of a row that is not there: of a job that runs, was stopped or is a shard.
inline constexpr std::uint8_t kMissingRow = 255;

/// The table of a study, in the order of cells, estimators, estimands and their intervals.
///
/// Repetitions without an estimate are left out of the measures and counted. So are, of those of
/// standard errors and intervals, estimates without a finite standard error and positive degrees
/// of freedom, or without the ends of the interval. Rows that are missing count as nothing.
///
/// @param rows   of all tasks in order, one per estimator each (EstimatorBench)
/// @param level  of the intervals; tests have size 1 − level
std::vector<Performance> performance_of(const Study& study,
                                        const DataGenerator& generator,
                                        const ReplicateRows& rows,
                                        double level);

}  // namespace merit
