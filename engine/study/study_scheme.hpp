// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/resample/glmm_refit.hpp"
#include "engine/resample/scheme.hpp"
#include "engine/study/data_generator.hpp"
#include "engine/study/estimate.hpp"
#include "engine/study/study.hpp"

namespace merit {

/// A study as a job of replicates: with E estimators, row r is what estimator r mod E makes of
/// data set r div E; data set t is repetition t div C of cell t mod C. Rows are a function of
/// their number alone, so a study runs, stops and resumes as a bootstrap does.
class StudyScheme : public Scheme {
 public:
  /// @param study  must outlive the scheme
  StudyScheme(const Study& study, SimdLevel simd);

  /// Any rows; a data set is made once for rows of it that stand together.
  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override;

 private:
  struct Worker {
    Worker(const Study& study, SimdLevel simd) : bench(study, simd) {}
    EstimatorBench bench;
    DataGenerator::Workspace work;
    DataSet data;
    ReplicateRows rows;
  };

  const Study* study_;
  const std::int64_t width_;  ///< of the rows: columns that have standard errors
  SimdLevel simd_;
  DataGenerator generator_;
  mutable WorkerPool<Worker> pool_;
};

/// All rows of a study.
inline std::int64_t num_rows(const Study& study) {
  return study.num_tasks() * study.num_estimators();
}

/// Rows per block of work and of the file: all estimators of some data sets, that take some
/// 10 ms by a rough guess. A function of the study alone.
std::int64_t block_rows(const Study& study);

}  // namespace merit
