// SPDX-License-Identifier: MIT
#include "engine/fit/gaussian_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/fit/origin_shift.hpp"
#include "engine/fit/profile.hpp"
#include "engine/fit/within_fit.hpp"
#include "engine/model/elementary.hpp"

namespace merit {
namespace {

void require_a_fit_to_exist(const GroupedStats& stats) {
  const Eigen::Index p = stats.num_fixed();
  if (stats.num_groups() < 2) {
    throw DataError(
        fmt::format("{} group: the sd of group intercepts needs at least 2 groups",
                    stats.num_groups()));
  }
  if (stats.size.maxCoeff() < 2.0) {
    throw DataError(
        fmt::format("each of the {} groups has one row: the sds within and between "
                    "groups cannot be told "
                    "apart; at least one group needs two rows",
                    stats.num_groups()));
  }
  if (stats.num_obs() <= static_cast<double>(p)) {
    throw DataError(
        fmt::format("{} rows for {} coefficients: more rows than coefficients "
                    "are needed",
                    stats.num_obs(),
                    p));
  }
  // Measured from the first group, so that equal numbers differ by exactly 0.
  const auto y = stats.mean.row(p).array();
  if (stats.within(p, p) == 0.0 && (y == y[0]).all()) {
    throw DataError(fmt::format(
        "the response is constant: {:g} in all {:g} rows; choose one that varies",
        stats.origin[p] + y[0],
        stats.num_obs()));
  }
  const WithinFit within = fit_within(stats);
  if (within.exact) {
    throw DataError(
        "the fixed effects and the groups fit the response exactly: no residual "
        "variation is left to estimate the residual sd; is the response computed from "
        "the covariates, or constant in each group?");
  }
  if (p - within.rank >= stats.num_groups()) {
    throw DataError(fmt::format(
        "the fixed effects tell all {} groups apart: no variation between groups is left "
        "to estimate the sd of their intercepts",
        stats.num_groups()));
  }
}

/// Evaluates the profile and counts how often.
struct Search {
  const GroupedStats& stats;
  const FitOptions& options;
  double offset;  // a in s = log(λ + a)
  int evaluations = 0;

  ProfilePoint value(double lambda) {
    ++evaluations;
    return profile_value(stats, lambda, options.criterion);
  }
  ProfilePoint derivatives(double lambda) {
    ++evaluations;
    return profile_derivatives(stats, lambda, options.criterion);
  }
};

// Finer than the profile's features, which are as wide as the spread of log n_j.
constexpr double kGridRatio = 4.0;
constexpr double kLargestLambda = 0x1p60;
// Where rounding errors keep Newton from settling, bisection goes on to this width.
constexpr double kBisectionTolerance = 1e-14;

/// The grid: 0, then 1/(64 n_max) · 4^k until the deviance has risen three times beyond the
/// point where even the smallest group is hardly shrunk.
std::vector<ProfilePoint> scan(Search& search) {
  std::vector<ProfilePoint> grid = {search.value(0.0)};
  const double enough = 1024.0 / search.stats.size.minCoeff();
  int rising = 0;
  for (double lambda = 1.0 / (64.0 * search.stats.size.maxCoeff());
       lambda < enough || rising < 3;
       lambda *= kGridRatio) {
    if (lambda > kLargestLambda) break;
    grid.push_back(search.value(lambda));
    rising = grid.back().deviance > grid[grid.size() - 2].deviance ? rising + 1 : 0;
  }
  return grid;
}

struct Minimum {
  ProfilePoint point;
  bool converged = false;
};

/// Newton in s = log(λ + a) between lower and upper, bisecting where Newton would leave.
Minimum refine(Search& search, double lower, double start, double upper) {
  const double a = search.offset;
  double lambda = start;
  Minimum best{search.derivatives(lambda), false};
  for (int i = 0; i < search.options.max_iterations; ++i) {
    const ProfilePoint& at = best.point;
    (at.first > 0.0 ? upper : lower) = lambda;
    const double first = (lambda + a) * at.first;
    const double second = (lambda + a) * (lambda + a) * at.second + first;
    const double step = -first / second;
    const double newton = std::max(0.0, (lambda + a) * elementary::exp(step) - a);
    // The last step may leave the bracket by a rounding error: it is taken all the same.
    const bool settled = second > 0.0 && std::abs(step) < search.options.tolerance;
    const bool inside = second > 0.0 && newton >= lower && newton <= upper;
    const double next =
        settled || inside ? newton : std::sqrt((lower + a) * (upper + a)) - a;
    const bool stuck = std::abs(next - lambda) <= kBisectionTolerance * (lambda + a);
    lambda = next;
    best.point = search.derivatives(lambda);
    if (settled || stuck) {
      best.converged = true;
      break;
    }
  }
  return best;
}

/// β̂ in the coordinates of the common origin, from the factor L of A(λ).
Eigen::VectorXd beta_of(const Eigen::MatrixXd& L) {
  const Eigen::Index p = L.rows() - 1;
  return L.topLeftCorner(p, p).triangularView<Eigen::Lower>().adjoint().solve(
      L.row(p).head(p).transpose());
}

/// Of σ̂ and τ̂ (gaussian_fit.hpp).
void set_sd_errors(const ProfilePoint& at, double d, FitResult& fit) {
  const double variance = fit.on_boundary ? 0.0 : 2.0 / at.second;  // of λ̂
  const double level = 0.5 / d, rho = at.rss_slope;
  fit.sigma_std_error = fit.sigma * std::sqrt(level + 0.25 * variance * rho * rho);
  if (fit.on_boundary) return;
  const double ratio = rho + 1.0 / at.lambda;
  fit.tau_std_error = fit.tau * std::sqrt(level + 0.25 * variance * ratio * ratio);
}

/// n − p, or n: what the residual sum of squares is divided by.
double degrees_of_freedom(const GroupedStats& stats, Criterion criterion) {
  const bool reml = criterion == Criterion::reml;
  return stats.num_obs() - (reml ? static_cast<double>(stats.num_fixed()) : 0.0);
}

}  // namespace

Eigen::VectorXd centred_beta(const GroupedStats& stats, double lambda) {
  return beta_of(profile_factor(stats, lambda));
}

FitResult fit_gaussian_at(const GroupedStats& stats, double lambda, Criterion criterion) {
  const Eigen::Index p = stats.num_fixed();
  const double d = degrees_of_freedom(stats, criterion);
  const Eigen::MatrixXd L = profile_factor(stats, lambda);
  const auto Lx = L.topLeftCorner(p, p).triangularView<Eigen::Lower>();

  FitResult fit;
  fit.criterion = criterion;
  fit.sigma = L(p, p) / std::sqrt(d);
  fit.tau = fit.sigma * std::sqrt(lambda);
  fit.on_boundary = lambda == 0.0;
  fit.log_likelihood = -0.5 * profile_value(stats, lambda, criterion).deviance;

  fit.beta = beta_of(L);
  const Eigen::MatrixXd inverse = Lx.solve(Eigen::MatrixXd::Identity(p, p));
  fit.vcov = (fit.sigma * fit.sigma) * (inverse.transpose() * inverse);
  if (stats.has_intercept) {
    const Eigen::MatrixXd shift = origin_shift(stats);
    fit.beta = (shift * fit.beta).eval();
    fit.beta[0] += stats.origin[p];
    fit.vcov = (shift * fit.vcov * shift.transpose()).eval();
  }
  return fit;
}

FitResult fit_gaussian(const GroupedStats& stats, const FitOptions& options) {
  require_a_fit_to_exist(stats);
  return maximise_profile(stats, options);
}

FitResult maximise_profile(const GroupedStats& stats, const FitOptions& options) {
  const double mean_size = stats.size.sum() / static_cast<double>(stats.num_groups());
  Search search{stats, options, 1.0 / mean_size};
  const std::vector<ProfilePoint> grid = scan(search);

  Minimum best{search.derivatives(0.0), true};
  const bool zero_is_minimum = best.point.first >= 0.0;
  if (!zero_is_minimum) best.point.deviance = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < grid.size(); ++k) {
    const bool first = k == 0, last = k + 1 == grid.size();
    if (first && zero_is_minimum) continue;
    if (!first && grid[k - 1].deviance <= grid[k].deviance) continue;
    if (!last && grid[k + 1].deviance < grid[k].deviance) continue;
    const double lower = first ? 0.0 : grid[k - 1].lambda;
    const double upper = last ? kLargestLambda * kGridRatio : grid[k + 1].lambda;
    const double start = first ? 0.5 * upper : grid[k].lambda;
    const Minimum minimum = refine(search, lower, start, upper);
    if (minimum.point.deviance < best.point.deviance) best = minimum;
  }

  FitResult fit = fit_gaussian_at(stats, best.point.lambda, options.criterion);
  fit.converged = best.converged;
  fit.iterations = search.evaluations;
  set_sd_errors(best.point, degrees_of_freedom(stats, options.criterion), fit);
  // λ d/dλ = ½ θ d/dθ
  fit.gradient = fit.on_boundary ? 0.0 : 2.0 * best.point.lambda * best.point.first;
  if (!fit.converged) {
    fit.message = fmt::format(
        "not converged after {} evaluations: the derivative of the deviance in log theta "
        "is "
        "{:.3g}, it should be 0",
        fit.iterations,
        fit.gradient);
  } else if (fit.on_boundary) {
    fit.message = "boundary fit: the sd of the group intercepts is estimated as 0";
  }
  return fit;
}

GroupModes group_modes(const GroupedStats& stats, const FitResult& fit) {
  const Eigen::Index p = stats.num_fixed();
  const double lambda = (fit.tau / fit.sigma) * (fit.tau / fit.sigma);
  // From the common origin again: fit.beta has lost digits to a large one.
  const Eigen::VectorXd beta = centred_beta(stats, lambda);
  const Eigen::VectorXd residual =
      stats.mean.row(p).transpose() - stats.mean.topRows(p).transpose() * beta;
  const Eigen::ArrayXd shrink = lambda / (1.0 + stats.size.array() * lambda);
  GroupModes modes;
  modes.mode = shrink * stats.size.array() * residual.array();
  modes.sd = fit.sigma * shrink.sqrt();
  return modes;
}

}  // namespace merit
