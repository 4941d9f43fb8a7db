// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/cli/model_data.hpp"
#include "engine/cli/null_test.hpp"
#include "engine/cli/options.hpp"
#include "engine/cli/results.hpp"
#include "engine/resample/scheme.hpp"

/// From the options of `merit bootstrap` to what makes the replicates.
namespace merit {

/// What is resampled. @param command  of --type cases
ResampleUnit unit(const BootstrapCommand& command);
bool is_cases(const BootstrapCommand& command);
RebType reb_type(const BootstrapCommand& command);
WildHc wild_hc(const BootstrapCommand& command);
WildWeights wild_weights(const BootstrapCommand& command);

/// What of the data the replicates are made from.
ModelNeeds needs(const BootstrapCommand& command);

SchemeOptions scheme_options(const BootstrapCommand& command);

/// @throws DataError if no bootstrap can start from the fit
std::unique_ptr<Scheme> make_scheme(const BootstrapCommand& command,
                                    const ModelData& data,
                                    const FittedModel& fitted);

/// Likelihood ratios of data drawn from the null model. @throws DataError as make_scheme
std::unique_ptr<Scheme> make_null_scheme(const BootstrapCommand& command,
                                         const ModelData& data,
                                         const ComparedFits& fits);

/// The fits without one group each.
std::unique_ptr<Scheme> make_delete_one_scheme(const BootstrapCommand& command,
                                               const ModelData& data,
                                               const FittedModel& fitted);

}  // namespace merit
