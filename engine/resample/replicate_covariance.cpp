// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_covariance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/resample/glmm_refit.hpp"

namespace merit {

Eigen::MatrixXd gaussian_covariance(const GroupedStats& design,
                                    Criterion criterion,
                                    std::span<const double> estimates,
                                    std::span<const double> std_errors) {
  const Eigen::Index p = design.num_fixed();
  const auto tau_at = static_cast<std::size_t>(p);
  const double tau = estimates[tau_at], sigma = estimates[tau_at + 1];
  const double theta = tau / sigma;
  const FitResult at = fit_gaussian_at(design, theta * theta, criterion);
  const double scale = sigma / at.sigma;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(p + 2, p + 2);
  covariance.topLeftCorner(p, p) = scale * scale * at.vcov;
  const double d =
      design.num_obs() - (criterion == Criterion::reml ? static_cast<double>(p) : 0.0);
  const auto beyond = [&](double std_error, double estimate) {  // √A, √B
    const double relative = std_error / estimate;
    return std::sqrt(std::max(0.0, relative * relative - 0.5 / d));
  };
  const double tau_error = std_errors[tau_at], sigma_error = std_errors[tau_at + 1];
  const double both =
      tau > 0.0
          ? tau * sigma * (0.5 / d - beyond(tau_error, tau) * beyond(sigma_error, sigma))
          : std::numeric_limits<double>::quiet_NaN();
  covariance(p, p) = tau_error * tau_error;
  covariance(p, p + 1) = covariance(p + 1, p) = both;
  covariance(p + 1, p + 1) = sigma_error * sigma_error;
  return covariance;
}

Eigen::MatrixXd glmm_covariance(const GlmmModel& model,
                                int num_nodes,
                                std::span<const double> estimates) {
  const Eigen::Index size = model.num_parameters() - 1;
  const double tau = estimates[static_cast<std::size_t>(size)];
  const Eigen::VectorXd reported =
      Eigen::Map<const Eigen::VectorXd>(estimates.data(), size);
  const Eigen::VectorXd psi = parameters_of(model, reported, tau);
  return covariance_at(model, num_nodes, psi);
}

}  // namespace merit
