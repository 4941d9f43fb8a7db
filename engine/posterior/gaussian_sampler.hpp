// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "engine/posterior/draw_shape.hpp"
#include "engine/posterior/gaussian_posterior.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// Exact draws as rows: β, τ, σ, log prior, then the group intercepts if asked for; the
/// log-likelihood beside them; the status 0. Row = chain × draws per chain + draw.
std::unique_ptr<Scheme> gaussian_sampler(
    std::shared_ptr<const GaussianPosterior> posterior,
    const DrawShape& shape,
    std::uint64_t seed);

}  // namespace merit
