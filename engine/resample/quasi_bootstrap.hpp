// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "engine/fit/quasi_likelihood.hpp"
#include "engine/resample/cases.hpp"
#include "engine/resample/scheme.hpp"

/// Bootstraps of quasi-likelihood estimates (PQL, MQL). A replicate's estimates are those of
/// fit_quasi on its data, started as that is: what `merit fit` would say of them.
///
/// The parametric bootstrap of a quasi-likelihood estimate shows its bias, which is what it is
/// used for (Goldstein 1996, J. Econometrics 72; Kuk 1995, J. R. Stat. Soc. B 57, 395–407). A free
/// scale is estimated again in each replicate, but responses are drawn without it: no
/// distribution of events or counts belongs to it.
namespace merit {

struct QuasiSchemeOptions {
  QuasiOptions fit;
  SchemeOptions scheme;
};

/// Responses are drawn from the fitted model.
std::unique_ptr<Scheme> quasi_parametric_bootstrap(std::shared_ptr<const GlmmModel> model,
                                                   const GlmmFit& fit,
                                                   const QuasiSchemeOptions& options);

/// Draws what `unit` says, from the streams of the other families' bootstraps: the same
/// groups and rows for a seed.
std::unique_ptr<Scheme> quasi_cases_bootstrap(
    std::shared_ptr<const GlmmModel> model,
    ResampleUnit unit,
    const QuasiSchemeOptions& options,
    const std::vector<std::int32_t>& stratum = {});

/// The fits without one group each (engine/resample/delete_one.hpp).
std::unique_ptr<Scheme> quasi_delete_one_group(std::shared_ptr<const GlmmModel> model,
                                               const QuasiSchemeOptions& options);

}  // namespace merit
