// SPDX-License-Identifier: MIT
#pragma once

#include "engine/cli/model_data.hpp"
#include "engine/posterior/prior_set.hpp"

namespace merit {

/// The model's parameters as priors see them.
PriorModel prior_model(const ModelData& data);

/// What data-dependent priors are scaled by. A Gaussian model's `data.rows` have to be there.
DataScales data_scales(const ModelData& data, const PriorModel& model);

}  // namespace merit
