// SPDX-License-Identifier: MIT
#include "engine/inference/gaussian_profile.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include <boost/math/tools/minima.hpp>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/origin_shift.hpp"
#include "engine/fit/profile.hpp"
#include "engine/model/elementary.hpp"

namespace merit {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;

/// The likelihood at one λ, all else maximised over.
struct AtLambda {
  double lambda = 0.0;
  double rss = 0.0;
  double log_det = 0.0;   // log|V|
  Eigen::VectorXd beta;   // p, in the units of the data
  Eigen::VectorXd scale;  // p, diagonal of (XᵀV⁻¹X)⁻¹
};

class GaussianProfile {
 public:
  explicit GaussianProfile(const GroupedStats& stats)
      : stats_(stats), shift_(origin_shift(stats)), n_(stats.num_obs()) {
    offset_ = static_cast<double>(stats.num_groups()) / n_;
    const double most = 0x1p40 / stats.size.minCoeff();
    grid_.push_back(at(0.0));
    for (double lambda = 0x1p-30 * offset_; lambda < most; lambda *= 2.0)
      grid_.push_back(at(lambda));
  }

  /// min over λ ≥ 0 of a deviance that is known at each λ.
  double minimum(const std::function<double(const AtLambda&)>& deviance) const {
    std::size_t best = 0;
    double lowest = deviance(grid_[0]);
    for (std::size_t k = 1; k < grid_.size(); ++k) {
      const double value = deviance(grid_[k]);
      if (value < lowest) {
        lowest = value;
        best = k;
      }
    }
    const std::size_t before = best == 0 ? 0 : best - 1;
    const std::size_t after = std::min(best + 1, grid_.size() - 1);
    const auto s = [&](std::size_t k) {
      return elementary::log(grid_[k].lambda + offset_);
    };
    // Brent's method is right to the square root of its precision: more bits gain nothing.
    constexpr int kBits = 27;
    const auto [where, value] = boost::math::tools::brent_find_minima(
        [&](double x) {
          return deviance(at(std::max(0.0, elementary::exp(x) - offset_)));
        },
        s(before),
        s(after),
        kBits);
    return std::min(value, lowest);
  }

  double log_likelihood_part(double variance, double rss, double log_det) const {
    return n_ * elementary::log(kTwoPi * variance) + log_det + rss / variance;
  }

  double num_obs() const { return n_; }

 private:
  AtLambda at(double lambda) const {
    const Eigen::Index p = stats_.num_fixed();
    const Eigen::MatrixXd L = profile_factor(stats_, lambda);
    const auto Lx = L.topLeftCorner(p, p).triangularView<Eigen::Lower>();
    AtLambda out;
    out.lambda = lambda;
    out.rss = L(p, p) * L(p, p);
    for (const double size : stats_.size)
      out.log_det += elementary::log1p(size * lambda);
    out.beta = shift_ * Lx.adjoint().solve(L.row(p).head(p).transpose());
    if (stats_.has_intercept) out.beta[0] += stats_.origin[p];
    const Eigen::MatrixXd half = Lx.solve(shift_.transpose());
    out.scale = half.colwise().squaredNorm().transpose();
    return out;
  }

  const GroupedStats& stats_;
  Eigen::MatrixXd shift_;
  double n_, offset_;
  std::vector<AtLambda> grid_;
};

}  // namespace

std::vector<ProfiledParameter> profile_gaussian(const GroupedStats& stats, double level) {
  const FitResult fit = fit_gaussian(stats, {.criterion = Criterion::ml});
  const double best = -2.0 * fit.log_likelihood;
  const GaussianProfile profile(stats);
  const double n = profile.num_obs();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();

  std::vector<ProfiledParameter> out;
  for (Eigen::Index k = 0; k < stats.num_fixed(); ++k) {
    out.push_back(profile_parameter(
        {.estimate = fit.beta[k], .step = std::sqrt(fit.vcov(k, k)), .level = level},
        [&](double v) {
          return profile.minimum([&](const AtLambda& at) {
            const double away = v - at.beta[k];
            const double rss = at.rss + away * away / at.scale[k];
            return profile.log_likelihood_part(rss / n, rss, at.log_det);
          }) - best;
        }));
  }
  // About the sd of each estimate, as if the group means were observed.
  const auto J = static_cast<double>(stats.num_groups());
  const double step =
      std::max(fit.tau, fit.sigma / std::sqrt(n / J)) / std::sqrt(2.0 * J);
  out.push_back(profile_parameter(
      {.estimate = fit.tau, .step = step, .least = 0.0, .level = level}, [&](double v) {
        return profile.minimum([&](const AtLambda& at) {
          if (v == 0.0 && at.lambda == 0.0)
            return profile.log_likelihood_part(at.rss / n, at.rss, at.log_det);
          if (v == 0.0 || at.lambda == 0.0) return kInfinity;
          return profile.log_likelihood_part(v * v / at.lambda, at.rss, at.log_det);
        }) - best;
      }));
  out.push_back(profile_parameter({.estimate = fit.sigma,
                                   .step = fit.sigma / std::sqrt(2.0 * n),
                                   .least = 0.0,
                                   .level = level},
                                  [&](double v) {
                                    if (v == 0.0) return kInfinity;
                                    return profile.minimum([&](const AtLambda& at) {
                                      return profile.log_likelihood_part(
                                          v * v, at.rss, at.log_det);
                                    }) - best;
                                  }));
  return out;
}

}  // namespace merit
