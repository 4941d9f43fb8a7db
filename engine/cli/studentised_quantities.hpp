// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/cli/model_data.hpp"
#include "engine/cli/options.hpp"
#include "engine/cli/results.hpp"
#include "engine/resample/scheme.hpp"
#include "io/result_store.hpp"

namespace merit {

/// The --quantity of a job with studentised intervals.
std::vector<std::string> studentised_texts(const BootstrapCommand& command);

/// The same with their standard errors at the estimates of the data as they are.
std::vector<StudentisedQuantity> studentised_quantities(const BootstrapCommand& command,
                                                        const ModelData& data,
                                                        const FittedModel& fitted);

/// Gives a job's replicates standard errors of these, if it has any.
/// @param data  must outlive what is returned
std::unique_ptr<Scheme> with_studentised_quantities(const BootstrapCommand& command,
                                                    const ModelData& data,
                                                    const FittedModel& fitted,
                                                    std::unique_ptr<Scheme> outer);

}  // namespace merit
