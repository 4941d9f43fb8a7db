// SPDX-License-Identifier: MIT
#pragma once

#include "engine/cli/model_data.hpp"
#include "engine/cli/options.hpp"
#include "engine/cli/row_source.hpp"
#include "engine/fit/glmm_fit.hpp"
#include "engine/fit/quasi_likelihood.hpp"

namespace merit {

/// Makes `data.glmm`: reads the rows into memory that is there once per node. Names of the
/// family's own parameters join `data.terms`; columns are taken from their means where the
/// intercept, or thresholds, take up the difference. *Collective*
///
/// @param columns  the design's columns that the model has
/// @param weights  null: none
/// @throws DataError if the response does not vary, UsageError if the model needs an intercept
void add_glmm(const Communicator& comm,
              const ModelOptions& options,
              const RowSource& source,
              const std::vector<Eigen::Index>& columns,
              SimdLevel simd,
              const SamplingWeights* weights,
              ModelData& data);

/// What --method pql or mql and their options ask for.
QuasiOptions quasi_options(const ModelOptions& options);

/// The fit, with parameters that ran to infinity marked and named.
GlmmFit fit_glmm_model(const ModelOptions& options,
                       const ModelData& data,
                       SimdLevel simd);

}  // namespace merit
