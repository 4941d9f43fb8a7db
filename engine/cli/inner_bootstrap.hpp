// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/cli/model_data.hpp"
#include "engine/cli/options.hpp"
#include "engine/cli/results.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// Makes a job's replicates bootstrap replicates of their own, if its intervals want them.
/// Quantities that are asked for are looked at, too.
/// @param options  of `outer`
/// @param data  must outlive what is returned
std::unique_ptr<Scheme> with_inner_bootstraps(const BootstrapCommand& command,
                                              const ModelData& data,
                                              const FittedModel& fitted,
                                              const SchemeOptions& options,
                                              std::unique_ptr<Scheme> outer);

}  // namespace merit
