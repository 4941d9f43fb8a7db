// SPDX-License-Identifier: MIT
#include "engine/cli/inner_bootstrap.hpp"

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "engine/cli/bootstrap_scheme.hpp"
#include "engine/error.hpp"
#include "engine/resample/double_bootstrap.hpp"
#include "engine/resample/glmm_bootstrap.hpp"
#include "engine/resample/parametric.hpp"
#include "engine/resample/summary_request.hpp"

namespace merit {
namespace {

SchemeOptions inner_options(SchemeOptions options) {
  options.keep_std_errors = false;
  return options;
}

/// From the linear model with a replicate's estimates.
InnerBootstrap from_linear_model(const ModelData& data,
                                 const FitResult& fit,
                                 const SchemeOptions& options) {
  const auto bootstraps =
      std::make_shared<const ParametricBootstraps>(data.stats, options);
  const Eigen::Index p = fit.beta.size();
  return [bootstraps, p](std::int64_t, std::span<const double> estimates, auto seed) {
    FitResult drawn_from;
    drawn_from.beta = Eigen::Map<const Eigen::VectorXd>(estimates.data(), p);
    drawn_from.tau = estimates[static_cast<std::size_t>(p)];
    drawn_from.sigma = estimates[static_cast<std::size_t>(p) + 1];
    return bootstraps->from(drawn_from, seed);
  };
}

/// The same of the other families. Refits start where the original's do, but at the replicate's
/// estimates.
InnerBootstrap from_generalised_model(const ModelData& data,
                                      const GlmmFit& fit,
                                      const SchemeOptions& options) {
  return [model = data.glmm, fit, options](
             std::int64_t, std::span<const double> estimates, std::uint64_t seed) {
    const Eigen::Index size = model->num_parameters() - 1;
    GlmmFit drawn_from = fit;
    drawn_from.result.beta = Eigen::Map<const Eigen::VectorXd>(estimates.data(), size);
    drawn_from.result.tau = estimates[static_cast<std::size_t>(size)];
    drawn_from.psi = parameters_of(*model, drawn_from.result.beta, drawn_from.result.tau);
    SchemeOptions inner = options;
    inner.seed = seed;
    return glmm_parametric_bootstrap(model, drawn_from, inner);
  };
}

/// From the replicate's data, as the outer replicates are from the data as they are. None if
/// they have no fit to start from.
InnerBootstrap from_data(const BootstrapCommand& command,
                         const ModelData& data,
                         const FittedModel& fitted,
                         const SchemeOptions& options,
                         const Scheme& outer) {
  BootstrapCommand of_inner = command;
  of_inner.keep_std_errors = false;
  if (command.model.nagq == "auto")
    of_inner.model.nagq = std::to_string(fitted.glmm->num_nodes);
  return [of_inner, &data, simd = options.simd, &outer](
             std::int64_t replicate,
             std::span<const double>,
             std::uint64_t seed) -> std::unique_ptr<Scheme> {
    std::optional<ReplicateData> drawn = outer.data(replicate);
    if (!drawn) return nullptr;
    ModelData of_replicate;
    of_replicate.terms = data.terms;
    of_replicate.strata = data.strata;
    of_replicate.stats = std::move(drawn->stats);
    of_replicate.rows = std::move(drawn->rows);
    of_replicate.glmm = std::move(drawn->glmm);
    BootstrapCommand inner = of_inner;
    inner.run.seed = seed;
    try {
      const FittedModel fit = fit_model(inner.model, of_replicate, simd);
      if (!fit.result.converged) return nullptr;
      return make_scheme(inner, of_replicate, fit);
    } catch (const DataError&) {
      return nullptr;  // a separated column, say: there is nothing to draw from
    }
  };
}

}  // namespace

std::unique_ptr<Scheme> with_inner_bootstraps(const BootstrapCommand& command,
                                              const ModelData& data,
                                              const FittedModel& fitted,
                                              const SchemeOptions& options,
                                              std::unique_ptr<Scheme> outer) {
  if (command.num_inner() == 0) return outer;
  const FitResult& fit = fitted.result;
  std::vector<double> original = estimates_of(fit);
  std::vector<Quantity> quantities;
  const ParameterNames names = parameter_names(stored_fit(data, fitted));
  for (const std::string& text : command.tables.quantities)
    quantities.emplace_back(text, names);
  const SchemeOptions of_inner = inner_options(options);
  const bool of_estimates =
      command.type == BootstrapType::parametric && !command.model.is_quasi();
  InnerBootstrap inner = !of_estimates ? from_data(command, data, fitted, options, *outer)
                         : data.glmm == nullptr
                             ? from_linear_model(data, fit, of_inner)
                             : from_generalised_model(data, *fitted.glmm, of_inner);
  return double_bootstrap(std::move(outer),
                          std::move(inner),
                          std::move(original),
                          std::move(quantities),
                          command.num_inner(),
                          options.seed);
}

}  // namespace merit
