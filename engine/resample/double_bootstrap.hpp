// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/resample/quantity.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// A bootstrap of a replicate: draws from what the replicate is to the population. Null if there
/// is none.
/// @param replicate  its number
/// @param estimates  its row, without NaN
/// @param seed       of the inner replicates
using InnerBootstrap = std::function<std::unique_ptr<Scheme>(
    std::int64_t replicate, std::span<const double> estimates, std::uint64_t seed)>;

/// Double bootstrap: every replicate of `outer` is bootstrapped itself, and of each estimate
///
///     u_r = #{t** ≤ t₀}/R₂
///
/// is kept, the share of its R₂ inner replicates that are not above the original estimate
/// (ReplicateRows::inner_share); of a replicate without estimates or without a bootstrap, or none
/// of whose inner replicates has an estimate, NaN. In the world of replicate r the true parameter is t₀, so u_r says
/// which percentile intervals would have covered it: calibrate() makes intervals of that.
/// Sources: Davison & Hinkley (1997), Bootstrap Methods and their Application, § 5.6; Martin
/// (1990), J. Amer. Statist. Assoc. 85, 1105–1118.
///
/// Inner replicates of replicate r are those of a job of its own, with a seed that is a random
/// number of stream r: a pure function of (seed, r), so that the shares, too, are the same bits
/// wherever they are computed. Cost: R · R₂ fits.
///
/// The same of functions of the parameters, behind the estimates.
///
/// @param original   t₀ of each estimate
/// @param quantities  functions of them; NaN at t₀: no shares. Inner replicates at which one is
///                    undefined do not count for it
/// @param num_inner  R₂ ≥ 1
std::unique_ptr<Scheme> double_bootstrap(std::unique_ptr<Scheme> outer,
                                         InnerBootstrap inner,
                                         std::vector<double> original,
                                         std::vector<Quantity> quantities,
                                         std::int64_t num_inner,
                                         std::uint64_t seed);

}  // namespace merit
