// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/fit/glmm_fit.hpp"
#include "engine/model/group_moments.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/simd/level.hpp"
#include "engine/study/data_set.hpp"
#include "engine/study/data_set_inference.hpp"
#include "engine/study/external_worker.hpp"
#include "engine/study/study.hpp"
#include "engine/study/study_columns.hpp"

namespace merit {

/// Fits every estimator of a study to one data set.
///
/// An estimator's row (study/study_columns.hpp) holds an estimate and a standard error for each of
/// the study's terms (NaN where its model does not have the term), what its ways of inference
/// say of them, τ̂ and σ̂. A data set that an estimator cannot fit is a row with a status.
///
/// Models without a likelihood in closed form are fitted as replicates of a bootstrap are
/// (resample/glmm_refit.hpp), from the start values that `merit fit` begins with: the same
/// estimates, without what a single fit adds to look at itself. Data that end this search
/// without a maximum are fitted once more as `merit fit` does it. Where a profile, a bootstrap or
/// a posterior goes on from the fit it is that of `merit fit` from the start.
///
/// A user's own estimator is asked (study/external_estimate.hpp); its process lives as long as
/// the bench. If it gives no answer, that is a row with a status too.
class EstimatorBench {
 public:
  EstimatorBench(const Study& study, SimdLevel simd)
      : study_(&study), columns_(study), simd_(simd) {}

  /// Writes the rows first, first + 1, … of `out`, one per estimator in their order; they
  /// must be there, of the shape of resize_rows().
  void estimate_all(const DataSet& data, std::int64_t first, ReplicateRows& out);

 private:
  void estimate(const StudyEstimator& estimator,
                const DataSet& data,
                std::int64_t at,
                ReplicateRows& out);
  void fit_gaussian_model(const StudyEstimator& estimator,
                          const DataSet& data,
                          std::int64_t at,
                          ReplicateRows& out);
  void fit_with_dummies(const StudyEstimator& estimator,
                        std::int64_t at,
                        ReplicateRows& out);
  void write_inference(const StudyEstimator& estimator,
                       const GroupedStats& stats,
                       const FitResult& fit,
                       std::int64_t at,
                       ReplicateRows& out) const;
  void fit_quadrature(const StudyEstimator& estimator,
                      std::int64_t at,
                      ReplicateRows& out);
  void fit_whole(const StudyEstimator& estimator,
                 const DataSet& data,
                 std::int64_t at,
                 ReplicateRows& out);
  void fit_quasi_model(const StudyEstimator& estimator,
                       const DataSet& data,
                       std::int64_t at,
                       ReplicateRows& out);
  /// What is kept in the row besides an estimate and its standard error.
  void add_intervals(const DataSetFit& fit, std::int64_t at, ReplicateRows& out) const;
  DataSetFit as_seen_by(const StudyEstimator& estimator, const DataSet& data) const;
  void draw_posterior(const DataSetFit& fit, std::int64_t at, ReplicateRows& out) const;
  const FitResult& gaussian_fit(Criterion criterion);
  void prepare_stats(const StudyEstimator& estimator, const DataSet& data);
  void check_response(const DataSet& data) const;
  void prepare_model(const StudyEstimator& estimator, const DataSet& data);
  void ask(const StudyEstimator& estimator,
           const DataSet& data,
           std::int64_t at,
           ReplicateRows& out);

  const Study* study_;
  StudyColumns columns_;
  SimdLevel simd_;
  // Of the data set, for estimators that follow each other with the same terms.
  std::vector<std::size_t> model_terms_;  ///< of model_; empty: of an earlier data set
  std::shared_ptr<const GlmmModel> model_;
  std::vector<std::size_t> stats_terms_;  ///< of stats_; likewise
  WithinDetail stats_detail_ = WithinDetail::pooled;
  GroupedStats stats_;
  std::optional<FitResult> gaussian_fit_;  ///< of stats_
  std::map<const StudyEstimator*, ExternalWorker> workers_;
};

/// Makes room for the rows of `repetitions` data sets.
void resize_rows(const Study& study, std::int64_t repetitions, ReplicateRows& rows);

}  // namespace merit
