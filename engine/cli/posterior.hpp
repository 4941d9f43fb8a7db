// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/cli/model_data.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/sample_options.hpp"
#include "engine/posterior/posterior_sampler.hpp"
#include "io/result_store.hpp"

namespace merit {

/// A posterior ready to be drawn from, and what is kept of it.
struct Posterior : PosteriorSampler {
  StoredPosterior stored;
  std::vector<std::string> notes;
};

/// Resolves the priors and chooses the sampler: by a fixed pilot, so that the choice is part
/// of what the job is a function of. @throws DataError, UsageError
Posterior make_posterior(const SampleCommand& command,
                         const ModelData& data,
                         const FittedModel& fit);

/// Draws per block of work and of the file: a function of the job alone. Where a draw needs the
/// one before it, chains are whole blocks.
std::int64_t block_rows(const SampleCommand& command,
                        const ModelData& data,
                        const Posterior& posterior);

}  // namespace merit
