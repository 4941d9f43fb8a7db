// SPDX-License-Identifier: MIT
#include "engine/study/study_scheme.hpp"

#include <algorithm>

namespace merit {
namespace {

/// Rows [first, first + count) of one, behind those that `out` has from `at` on.
void copy_rows(const ReplicateRows& from,
               std::int64_t first,
               std::int64_t count,
               std::int64_t at,
               ReplicateRows& out) {
  const auto copy = [=](const auto& source, auto& target, std::int64_t width) {
    std::copy_n(
        source.begin() + first * width, count * width, target.begin() + at * width);
  };
  copy(from.estimate, out.estimate, from.num_estimates);
  copy(from.std_error, out.std_error, from.num_std_errors);
  copy(from.log_likelihood, out.log_likelihood, 1);
  copy(from.status, out.status, 1);
}

}  // namespace

StudyScheme::StudyScheme(const Study& study, SimdLevel simd)
    : study_(&study),
      width_(StudyColumns(study).num_with_error()),
      simd_(simd),
      generator_(study, simd) {}

void StudyScheme::make(std::int64_t first,
                       std::int64_t count,
                       ReplicateRows& rows) const {
  const std::int64_t E = study_->num_estimators();
  rows.resize(count, width_ + 2, width_);
  pool_.with_worker([this] { return std::make_unique<Worker>(*study_, simd_); },
                    [&](Worker& worker) {
                      for (std::int64_t at = 0; at < count;) {
                        const std::int64_t row = first + at, task = row / E;
                        const std::int64_t here =
                            std::min(count - at, (task + 1) * E - row);
                        generator_.make(task % study_->num_cells(),
                                        task / study_->num_cells(),
                                        worker.work,
                                        worker.data);
                        worker.rows.resize(E, width_ + 2, width_);
                        worker.bench.estimate_all(worker.data, 0, worker.rows);
                        copy_rows(worker.rows, row - task * E, here, at, rows);
                        at += here;
                      }
                    });
}

std::int64_t block_rows(const Study& study) {
  for (const StudyEstimator& estimator : study.estimators) {
    // Of unknown speed: the smallest block.
    if (estimator.is_external()) return study.num_estimators();
  }
  double largest = 1.0;
  for (const StudyCell& cell : study.cells)
    largest = std::max(largest, static_cast<double>(cell.num_groups) * cell.size.mean);
  double fits = 0.0;  // that a data set costs, roughly
  for (const StudyEstimator& estimator : study.estimators) {
    fits += 1.0;
    if (estimator.bootstrap) fits += static_cast<double>(estimator.bootstrap->replicates);
    if (estimator.posterior)
      fits +=
          static_cast<double>(estimator.posterior->chains * estimator.posterior->draws);
    if (estimator.has(StudyDf::profile)) fits += 50.0;
  }
  const double microseconds = largest * fits * (study.is_gaussian() ? 0.02 : 0.2);
  const std::int64_t most = std::max<std::int64_t>(1, study.num_tasks() / 64);
  const auto data_sets = std::clamp<std::int64_t>(
      static_cast<std::int64_t>(10'000.0 / microseconds), 1, most);
  return data_sets * study.num_estimators();
}

}  // namespace merit
