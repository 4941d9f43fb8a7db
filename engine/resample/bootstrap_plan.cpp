// SPDX-License-Identifier: MIT
#include "engine/resample/bootstrap_plan.hpp"

#include "engine/error.hpp"
#include "engine/resample/glmm_bootstrap.hpp"
#include "engine/resample/parametric.hpp"
#include "engine/resample/quasi_bootstrap.hpp"
#include "engine/resample/transformation.hpp"

namespace merit {

std::string_view name(BootstrapType type) {
  switch (type) {
    case BootstrapType::parametric:
      return "parametric";
    case BootstrapType::cases:
      return "cases";
    case BootstrapType::residual:
      return "residual";
    case BootstrapType::reb:
      return "reb";
    case BootstrapType::wild:
      return "wild";
    case BootstrapType::transformation:
      return "transformation";
  }
  return "";
}

std::string_view name(WildWeights weights) {
  switch (weights) {
    case WildWeights::rademacher:
      return "rademacher";
    case WildWeights::mammen:
      return "mammen";
    case WildWeights::webb:
      return "webb";
  }
  return "";
}

std::string_view name(ResampleUnit unit) {
  switch (unit) {
    case ResampleUnit::groups:
      return "groups";
    case ResampleUnit::rows:
      return "rows";
    case ResampleUnit::both:
      return "both";
  }
  return "";
}

std::unique_ptr<Scheme> make_bootstrap(const BootstrapPlan& plan,
                                       const GroupedStats& stats,
                                       const std::shared_ptr<const GroupRows>& rows,
                                       const FitResult& fit,
                                       const SchemeOptions& options) {
  switch (plan.type) {
    case BootstrapType::parametric:
      return parametric_bootstrap(stats, fit, options);
    case BootstrapType::residual:
      return residual_bootstrap(stats, *rows, fit, options);
    case BootstrapType::reb:
      return reb_bootstrap(stats, *rows, fit, plan.reb_type, options);
    case BootstrapType::wild:
      return wild_bootstrap(stats, *rows, fit, plan.wild_hc, plan.wild_weights, options);
    case BootstrapType::transformation:
      return transformation_bootstrap(stats, *rows, fit, options);
    case BootstrapType::cases:
      break;
  }
  if (plan.unit == ResampleUnit::groups)
    return group_bootstrap(stats, fit, options, plan.stratum);
  return row_bootstrap(stats, rows, plan.unit, fit, options, plan.stratum);
}

std::unique_ptr<Scheme> make_bootstrap(const BootstrapPlan& plan,
                                       const std::shared_ptr<const GlmmModel>& model,
                                       const GlmmFit& fit,
                                       const QuasiOptions* quasi,
                                       const SchemeOptions& options) {
  if (!fit.diverging.empty()) {
    throw DataError(fit.result.message + ": no bootstrap can start from such a fit");
  }
  const bool parametric = plan.type != BootstrapType::cases;
  if (quasi != nullptr) {
    if (!fit.result.converged) {
      throw DataError(fit.result.message + "; no bootstrap can start from such a fit");
    }
    const QuasiSchemeOptions both{.fit = *quasi, .scheme = options};
    if (parametric) return quasi_parametric_bootstrap(model, fit, both);
    return quasi_cases_bootstrap(model, plan.unit, both, plan.stratum);
  }
  if (parametric) return glmm_parametric_bootstrap(model, fit, options);
  if (plan.unit == ResampleUnit::groups)
    return glmm_group_bootstrap(model, fit, options, plan.stratum);
  return glmm_row_bootstrap(model, plan.unit, fit, options, plan.stratum);
}

}  // namespace merit
