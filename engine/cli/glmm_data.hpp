// SPDX-License-Identifier: MIT
#pragma once

#include "engine/cli/model_data.hpp"
#include "engine/cli/options.hpp"
#include "engine/fit/glmm_fit.hpp"
#include "engine/model/design.hpp"

namespace merit {

/// Makes `data.glmm` from `data.rows`, which are given up; names of the family's own
/// parameters join `data.terms`. Columns are taken from their means where the intercept, or
/// thresholds, take up the difference.
/// @throws DataError if the response does not vary, UsageError if the model needs an intercept
void add_glmm(const ModelOptions& options,
              const Design& design,
              SimdLevel simd,
              ModelData& data);

/// The fit, with parameters that ran to infinity marked and named.
GlmmFit fit_glmm_model(const ModelOptions& options,
                       const ModelData& data,
                       SimdLevel simd);

}  // namespace merit
