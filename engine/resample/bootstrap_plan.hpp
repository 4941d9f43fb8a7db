// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/fit/quasi_likelihood.hpp"
#include "engine/resample/cases.hpp"
#include "engine/resample/residual.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

enum class BootstrapType { parametric, cases, residual, reb, wild, transformation };

/// The words of `--type`, `--resample` and `--wild-weights`.
std::string_view name(BootstrapType type);
std::string_view name(ResampleUnit unit);
std::string_view name(WildWeights weights);

/// Which bootstrap: a type, and what that type leaves open.
struct BootstrapPlan {
  BootstrapType type = BootstrapType::parametric;
  ResampleUnit unit = ResampleUnit::groups;            ///< cases
  RebType reb_type = RebType::scaled;                  ///< reb
  WildHc wild_hc = WildHc::hc2;                        ///< wild
  WildWeights wild_weights = WildWeights::rademacher;  ///< wild
  std::vector<std::int32_t> stratum = {};              ///< cases: as of Strata

  /// Of a Gaussian model: the groups' own products (GroupedStats::group_within).
  bool needs_group_products() const {
    return type == BootstrapType::cases && unit == ResampleUnit::groups;
  }
  /// Of a Gaussian model: the rows.
  bool needs_rows() const {
    return type != BootstrapType::parametric && !needs_group_products();
  }
};

/// Of a Gaussian model. @param rows  if the plan needs them
std::unique_ptr<Scheme> make_bootstrap(const BootstrapPlan& plan,
                                       const GroupedStats& stats,
                                       const std::shared_ptr<const GroupRows>& rows,
                                       const FitResult& fit,
                                       const SchemeOptions& options);

/// Of binary, count and ordinal models: parametric and cases.
/// @param quasi  of a fit by quasi-likelihood; null: by quadrature
/// @throws DataError if no bootstrap can start from the fit
std::unique_ptr<Scheme> make_bootstrap(const BootstrapPlan& plan,
                                       const std::shared_ptr<const GlmmModel>& model,
                                       const GlmmFit& fit,
                                       const QuasiOptions* quasi,
                                       const SchemeOptions& options);

}  // namespace merit
