// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/fit/glmm_fit.hpp"
#include "engine/fit/quasi_likelihood.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/simd/level.hpp"
#include "engine/study/data_set.hpp"
#include "engine/study/study_columns.hpp"
#include "engine/study/study_inference.hpp"

/// Ways of inference that keep their intervals in a study's row: profile likelihood, a bootstrap of
/// the data set, a posterior. All are those of `merit fit`, `merit bootstrap` and `merit sample`
/// on the data set alone.
namespace merit {

/// A data set as one estimator's model sees it, and the fit.
struct DataSetFit {
  const DataSet* data = nullptr;
  const StudyEstimator* estimator = nullptr;
  const GroupedStats* stats = nullptr;  ///< Gaussian; for a posterior of any family
  std::shared_ptr<const GlmmModel> model = nullptr;  ///< of other families
  const FitResult* fit = nullptr;
  const GlmmFit* glmm = nullptr;        ///< others, by a likelihood or quasi-likelihood
  const QuasiOptions* quasi = nullptr;  ///< of the latter
  /// Of bootstrap and posterior: a function of (study's seed, cell, repetition), the same for all
  /// estimators, whose Monte-Carlo errors are then much the same.
  std::uint64_t seed = 1;
  double level = 0.95;
  SimdLevel simd = SimdLevel::v3;
};

/// The seed of a data set's bootstraps and posteriors.
std::uint64_t data_set_seed(std::uint64_t study_seed,
                            std::int64_t cell,
                            std::int64_t repetition);

/// Puts both ends of all parameters into row `at`; what has none stays NaN.
void add_profile(const DataSetFit& data,
                 const StudyColumns& columns,
                 std::int64_t at,
                 ReplicateRows& out);

/// Puts means, sds and intervals of the replicates into row `at`. A bootstrap that cannot be
/// made leaves NaN: the estimates stay.
void add_bootstrap(const DataSetFit& data,
                   const StudyColumns& columns,
                   std::int64_t at,
                   ReplicateRows& out);

/// Makes row `at` that of a posterior: its means or medians for estimates.
/// @param terms  names of the model's own parameters, as priors call them
/// @throws DataError, UsageError if there is none
void write_posterior(const DataSetFit& data,
                     const std::vector<std::string>& terms,
                     const StudyColumns& columns,
                     std::int64_t at,
                     ReplicateRows& out);

}  // namespace merit
