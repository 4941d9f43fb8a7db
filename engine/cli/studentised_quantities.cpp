// SPDX-License-Identifier: MIT
#include "engine/cli/studentised_quantities.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "engine/cli/bootstrap_scheme.hpp"
#include "engine/cli/glmm_data.hpp"
#include "engine/error.hpp"
#include "engine/resample/quantity_errors.hpp"
#include "engine/resample/replicate_covariance.hpp"
#include "engine/resample/summary_request.hpp"

namespace merit {
namespace {

std::vector<Quantity> quantities_of(const BootstrapCommand& command,
                                    const ModelData& data,
                                    const FittedModel& fitted) {
  const ParameterNames names = parameter_names(stored_fit(data, fitted));
  std::vector<Quantity> quantities;
  for (const std::string& text : studentised_texts(command))
    quantities.emplace_back(text, names);
  return quantities;
}

/// Of the coefficients alone: quasi-likelihoods have no information about the rest.
Eigen::MatrixXd quasi_covariance(const FitResult& fit) {
  const Eigen::Index p = fit.beta.size(), size = p + (fit.has_sigma() ? 2 : 1);
  Eigen::MatrixXd covariance =
      Eigen::MatrixXd::Constant(size, size, std::numeric_limits<double>::quiet_NaN());
  covariance.topLeftCorner(p, p) = fit.vcov;
  return covariance;
}

Eigen::MatrixXd covariance_of_fit(const BootstrapCommand& command,
                                  const ModelData& data,
                                  const FittedModel& fitted) {
  const FitResult& fit = fitted.result;
  if (command.model.is_quasi()) return quasi_covariance(fit);
  const std::vector<double> estimates = estimates_of(fit);
  if (data.glmm != nullptr)
    return glmm_covariance(*data.glmm, fitted.glmm->num_nodes, estimates);
  std::vector<double> errors(estimates.size() - 2);
  errors.push_back(fit.tau_std_error);
  errors.push_back(fit.sigma_std_error);
  return gaussian_covariance(data.stats, fit.criterion, estimates, errors);
}

/// Of a replicate's data, where groups or rows are drawn or the family is not Gaussian; else
/// groups and X are those of the data as they are.
ReplicateCovariance covariance_of_replicates(const BootstrapCommand& command,
                                             const ModelData& data,
                                             const FittedModel& fitted,
                                             const Scheme& outer) {
  if (data.glmm == nullptr && !is_cases(command)) {
    return
        [&data, criterion = fitted.result.criterion](std::int64_t,
                                                     std::span<const double> estimates,
                                                     std::span<const double> std_errors) {
          return gaussian_covariance(data.stats, criterion, estimates, std_errors);
        };
  }
  return [&outer,
          criterion = fitted.result.criterion,
          quasi = command.model.is_quasi() ? std::optional(quasi_options(command.model))
                                           : std::nullopt,
          num_nodes = fitted.glmm ? fitted.glmm->num_nodes : 0,
          simd = command.run.simd_level()](std::int64_t replicate,
                                           std::span<const double> estimates,
                                           std::span<const double> std_errors) {
    const std::optional<ReplicateData> drawn = outer.data(replicate);
    if (!drawn) return Eigen::MatrixXd();
    try {
      if (drawn->glmm == nullptr)
        return gaussian_covariance(drawn->stats, criterion, estimates, std_errors);
      if (quasi) return quasi_covariance(fit_quasi(*drawn->glmm, *quasi, simd).result);
      return glmm_covariance(*drawn->glmm, num_nodes, estimates);
    } catch (const DataError&) {  // at the edge of collinear: no standard error
      return Eigen::MatrixXd();
    }
  };
}

}  // namespace

std::vector<std::string> studentised_texts(const BootstrapCommand& command) {
  if (!command.wants(IntervalType::stud)) return {};
  return command.tables.quantities;
}

std::vector<StudentisedQuantity> studentised_quantities(const BootstrapCommand& command,
                                                        const ModelData& data,
                                                        const FittedModel& fitted) {
  std::vector<StudentisedQuantity> out;
  const std::vector<Quantity> quantities = quantities_of(command, data, fitted);
  if (quantities.empty()) return out;
  const FitResult& fit = fitted.result;
  const std::vector<double> estimates = estimates_of(fit);
  const Eigen::MatrixXd covariance = covariance_of_fit(command, data, fitted);
  for (const Quantity& quantity : quantities) {
    out.push_back(
        {.text = quantity.text(),
         .std_error = covariance.size() == 0
                          ? std::numeric_limits<double>::quiet_NaN()
                          : quantity_std_error(quantity, estimates, covariance)});
  }
  return out;
}

std::unique_ptr<Scheme> with_studentised_quantities(const BootstrapCommand& command,
                                                    const ModelData& data,
                                                    const FittedModel& fitted,
                                                    std::unique_ptr<Scheme> outer) {
  std::vector<Quantity> quantities = quantities_of(command, data, fitted);
  if (quantities.empty()) return outer;
  ReplicateCovariance covariance =
      covariance_of_replicates(command, data, fitted, *outer);
  return with_quantity_errors(
      std::move(outer), std::move(covariance), std::move(quantities));
}

}  // namespace merit
