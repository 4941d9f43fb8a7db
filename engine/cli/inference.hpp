// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/cli/inference_options.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/results.hpp"
#include "engine/inference/coefficient_inference.hpp"

namespace merit {

/// What the options need of the data besides pooled statistics.
ModelNeeds needs(const InferenceOptions& inference);

/// Standard errors, degrees of freedom, tests and profiles as the options ask for them, put
/// into `stored`. @throws UsageError for a contrast that cannot be read, DataError for what
/// cannot be tested
void add_inference(const InferenceOptions& inference,
                   const RunSettings& run,
                   const ModelData& data,
                   const FittedModel& fitted,
                   StoredFit& stored);

}  // namespace merit
