// SPDX-License-Identifier: MIT
#include "engine/cli/bootstrap_scheme.hpp"

#include <fmt/format.h>

#include "engine/cli/glmm_data.hpp"
#include "engine/error.hpp"
#include "engine/resample/bootstrap_plan.hpp"
#include "engine/resample/delete_one.hpp"
#include "engine/resample/glmm_bootstrap.hpp"
#include "engine/resample/null_bootstrap.hpp"
#include "engine/resample/quasi_bootstrap.hpp"

namespace merit {
namespace {

QuasiSchemeOptions quasi_scheme_options(const BootstrapCommand& command) {
  return {.fit = quasi_options(command.model), .scheme = scheme_options(command)};
}

BootstrapPlan plan_of(const BootstrapCommand& command, const ModelData& data) {
  return {.type = command.type,
          .unit = unit(command),
          .reb_type = reb_type(command),
          .wild_hc = wild_hc(command),
          .wild_weights = wild_weights(command),
          .stratum = data.strata.stratum};
}

}  // namespace

ResampleUnit unit(const BootstrapCommand& command) {
  return command.resample.value_or(ResampleUnit::groups);
}

bool is_cases(const BootstrapCommand& command) {
  return command.type == BootstrapType::cases;
}

RebType reb_type(const BootstrapCommand& command) {
  return command.reb_type.value_or(RebType::scaled);
}

WildHc wild_hc(const BootstrapCommand& command) {
  return command.wild_hc.value_or(WildHc::hc2);
}

WildWeights wild_weights(const BootstrapCommand& command) {
  return command.wild_weights.value_or(WildWeights::rademacher);
}

ModelNeeds needs(const BootstrapCommand& command) {
  const bool groups = is_cases(command) && unit(command) == ResampleUnit::groups;
  if (!command.model.is_gaussian()) return {.rows = true, .strata = command.strata};
  const bool by_group = groups || command.wants(IntervalType::bca);
  return {.within = by_group ? WithinDetail::per_group : WithinDetail::pooled,
          .rows = command.type != BootstrapType::parametric && !groups,
          .strata = command.strata};
}

SchemeOptions scheme_options(const BootstrapCommand& command) {
  return {.seed = command.run.seed,
          .criterion = command.model.criterion(),
          .keep_std_errors = command.keep_std_errors,
          .simd = command.run.simd_level()};
}

std::unique_ptr<Scheme> make_scheme(const BootstrapCommand& command,
                                    const ModelData& data,
                                    const FittedModel& fitted) {
  const BootstrapPlan plan = plan_of(command, data);
  const SchemeOptions options = scheme_options(command);
  if (data.glmm == nullptr)
    return make_bootstrap(plan, data.stats, data.rows, fitted.result, options);
  const QuasiOptions quasi =
      command.model.is_quasi() ? quasi_options(command.model) : QuasiOptions{};
  return make_bootstrap(plan,
                        data.glmm,
                        *fitted.glmm,
                        command.model.is_quasi() ? &quasi : nullptr,
                        options);
}

std::unique_ptr<Scheme> make_null_scheme(const BootstrapCommand& command,
                                         const ModelData& data,
                                         const ComparedFits& fits) {
  const FitResult& null = fits.null.result;
  const bool runs_away = fits.null.glmm && !fits.null.glmm->diverging.empty();
  if (!null.converged || runs_away) {
    throw DataError(
        fmt::format("--null {}: {}; nothing can be drawn from such a fit",
                    *command.model.null,
                    null.message.empty() ? "did not converge" : null.message));
  }
  const NestedModel& nested = *data.nested;
  const SchemeOptions options = scheme_options(command);
  if (data.glmm == nullptr)
    return null_bootstrap(data.stats, nested.data.stats, nested.nesting, null, options);
  return glmm_null_bootstrap(data.glmm,
                             nested.data.glmm,
                             nested.nesting,
                             *fits.model.glmm,
                             *fits.null.glmm,
                             options);
}

std::unique_ptr<Scheme> make_delete_one_scheme(const BootstrapCommand& command,
                                               const ModelData& data,
                                               const FittedModel& fitted) {
  if (data.glmm == nullptr)
    return delete_one_group(data.stats, command.model.criterion());
  if (command.model.is_quasi())
    return quasi_delete_one_group(data.glmm, quasi_scheme_options(command));
  return glmm_delete_one_group(data.glmm, *fitted.glmm);
}

}  // namespace merit
