// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/fit/glmm_fit.hpp"
#include "engine/resample/cases.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// Bootstraps of binary, count and ordinal models. Every replicate is refitted from the
/// original estimates and modes (never from another replicate), so that replicate r is a pure
/// function of (data, fit, options, r). Standard errors are from the information with every
/// node's score, the observed one to the accuracy of the rule.

/// Responses are drawn from the fitted model.
std::unique_ptr<Scheme> glmm_parametric_bootstrap(std::shared_ptr<const GlmmModel> model,
                                                  const GlmmFit& fit,
                                                  const SchemeOptions& options);

/// Draws J of J groups. No row is copied: a group drawn m times counts m times.
std::unique_ptr<Scheme> glmm_group_bootstrap(
    std::shared_ptr<const GlmmModel> model,
    const GlmmFit& fit,
    const SchemeOptions& options,
    const std::vector<std::int32_t>& stratum = {});

/// Draws n_j of n_j rows within each group, or within J drawn groups (`unit`).
std::unique_ptr<Scheme> glmm_row_bootstrap(std::shared_ptr<const GlmmModel> model,
                                           ResampleUnit unit,
                                           const GlmmFit& fit,
                                           const SchemeOptions& options,
                                           const std::vector<std::int32_t>& stratum = {});

}  // namespace merit
