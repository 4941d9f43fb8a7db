// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "engine/attributes.hpp"
#include "engine/fit/glmm_fit.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/posterior/draw_shape.hpp"
#include "engine/posterior/independence_sampler.hpp"
#include "engine/posterior/prior_set.hpp"
#include "engine/posterior/slice_sampler.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// Moves of a chain before its draws, unless it is said otherwise.
inline constexpr std::int64_t kUsualWarmup = 200;

struct SamplerOptions {
  DrawShape shape = {};
  std::int64_t warmup = kUsualWarmup;
  std::uint64_t seed = 1;
  Conditioning on = Conditioning::data;  ///< nothing: the prior alone
};

/// A posterior ready to be drawn from, in one of three ways: which one is decided by a fixed
/// pilot, and so a function of data, priors and options.
struct PosteriorSampler {
  DrawShape shape = {};
  std::unique_ptr<Scheme> exact = {};                         ///< Gaussian models
  std::shared_ptr<const IndependenceSampler> proposals = {};  ///< others
  std::shared_ptr<const SliceSampler> slices = {};            ///< where those are poor
  std::int64_t warmup = 0;  ///< moves of each chain before its draws
  Attributes sampler = {};  ///< "method", its "reason" and what the pilot has shown
};

/// Of a Gaussian model: exact draws, or chains where the priors leave next to nothing of them.
/// @throws DataError, UsageError if there is no (proper) posterior
PosteriorSampler choose_sampler(const GroupedStats& stats,
                                const FitResult& fit,
                                const PriorSet& priors,
                                const SamplerOptions& options);

/// Of a generalised one: chains. @param num_nodes  of the quadrature
PosteriorSampler choose_sampler(const std::shared_ptr<const GlmmModel>& model,
                                const GlmmFit& fit,
                                int num_nodes,
                                const PriorSet& priors,
                                const SamplerOptions& options);

/// All draws, in this thread: the rows that `merit sample` stores, chain after chain.
ReplicateRows draw_all(const PosteriorSampler& posterior);

}  // namespace merit
