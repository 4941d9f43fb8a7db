// SPDX-License-Identifier: MIT
#include "engine/posterior/marginal_posterior.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/model/elementary.hpp"
#include "engine/posterior/quadrature_target.hpp"

namespace merit {
namespace {

constexpr double kSmallestTau = 0.05;  // to begin the ladder with

/// Where the ladder begins: the fit, with estimates that ran away taken back.
Eigen::VectorXd start_of(const GlmmModel& model, const Eigen::VectorXd& psi) {
  Eigen::VectorXd x = psi;
  const Eigen::Index last = model.num_parameters() - 1;
  if (!x.allFinite() || x.head(last).cwiseAbs().maxCoeff() > 30.0) x.head(last).setZero();
  const double tau = std::isfinite(psi[last]) ? std::abs(psi[last]) : 1.0;
  x[last] = elementary::log(std::clamp(tau, kSmallestTau, 20.0));
  return x;
}

}  // namespace

MarginalPosterior::MarginalPosterior(std::shared_ptr<const GlmmModel> model,
                                     const PriorSet& priors,
                                     int num_nodes,
                                     const Eigen::VectorXd& fit,
                                     Conditioning on)
    : MarginalPosterior(
          std::make_unique<const QuadratureTarget>(model, priors, num_nodes, on),
          start_of(*model, fit)) {}

std::string improper_reason(const GlmmModel& model, const PriorSet& priors) {
  const PackedRows& rows = model.rows;
  const Eigen::Index p = rows.num_fixed;
  std::vector<bool> within(static_cast<std::size_t>(p), false);
  std::int64_t informative = 0;
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    double events = 0.0, trials = 0.0, low = 1e300, high = -1e300;
    const std::int64_t first = rows.first_row(j);
    const std::int64_t end = first + rows.size[static_cast<std::size_t>(j)];
    for (std::int64_t row = first; row < end; ++row) {
      const double y = rows.y[row];
      events += y;
      trials += rows.trials_of(row);
      low = std::min(low, y);
      high = std::max(high, y);
      for (Eigen::Index k = 0; k < p; ++k) {
        if (rows.x_of(row, k) != rows.x_of(first, k)) {
          within[static_cast<std::size_t>(k)] = true;
        }
      }
    }
    const Family family = model.family.family;
    const bool differs = family == Family::binomial  ? events > 0.0 && events < trials
                         : family == Family::ordinal ? low < high
                                                     : events > 0.0;
    informative += differs ? 1 : 0;
  }
  if (priors.tau.is_proper()) return "";
  std::int64_t flat_columns = 0;
  const bool ordinal = model.family.has_thresholds();
  for (Eigen::Index k = 0; k < p; ++k) {
    const bool intercept = !ordinal && model.has_intercept && k == 0;
    const Prior& prior =
        intercept ? priors.intercept : priors.coefficient[static_cast<std::size_t>(k)];
    if (!within[static_cast<std::size_t>(k)] && !prior.is_proper()) ++flat_columns;
  }
  if (ordinal && !priors.threshold.front().is_proper()) ++flat_columns;
  const std::int64_t left = informative - flat_columns;
  const std::int64_t needed = priors.tau.kind == PriorKind::flat_variance ? 3 : 2;
  if (left >= needed) return "";
  return fmt::format(
      "the posterior is improper: {} groups with responses that differ, less {} flat "
      "coefficients between groups, are too few for a flat prior of sd__(Intercept); "
      "give it "
      "a proper one, e.g. --prior 'sd~half_t(3, 2.5)'",
      informative,
      flat_columns);
}

}  // namespace merit
