// SPDX-License-Identifier: MIT
#include "engine/fit/glmm_start.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

/// Linear predictor with this mean response.
double predictor_of(const GlmFamily& family, double mean) {
  if (family.family == Family::poisson || family.family == Family::negbinomial)
    return elementary::log(std::max(mean, 1e-3));
  const double share = std::clamp(mean, 1e-3, 1.0 - 1e-3);
  switch (family.link) {
    case Link::cloglog:
      return elementary::log(-elementary::log(1.0 - share));
    case Link::probit:  // close enough: logit's scale is 1.7 times probit's
      return elementary::log(share / (1.0 - share)) / 1.7;
    default:
      return elementary::log(share / (1.0 - share));
  }
}

}  // namespace

Eigen::VectorXd start_values(const GlmmModel& model) {
  const PackedRows& rows = model.rows;
  const Eigen::Index p = rows.num_fixed;
  Eigen::VectorXd psi = Eigen::VectorXd::Zero(model.num_parameters());
  double events = 0.0, trials = 0.0, offsets = 0.0;
  std::vector<double> at_most(static_cast<std::size_t>(model.family.num_categories));
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    const std::int64_t first = rows.first_row(j);
    for (std::int64_t i = first; i < first + rows.size[static_cast<std::size_t>(j)];
         ++i) {
      events += rows.y[i];
      trials += rows.trials_of(i);
      offsets += rows.offset_of(i);
      for (auto c = static_cast<std::size_t>(rows.y[i]); c < at_most.size(); ++c)
        at_most[c] += 1.0;
    }
  }
  const auto n = static_cast<double>(rows.num_obs());
  if (model.family.has_thresholds()) {
    for (Eigen::Index c = 0; c < model.family.num_extra; ++c) {
      psi[p + c] = predictor_of(model.family, at_most[static_cast<std::size_t>(c)] / n) +
                   offsets / n;
    }
  } else if (model.has_intercept) {
    psi[0] = predictor_of(model.family, events / trials) - offsets / n;
  }
  return psi;
}

double start_tau(const QuadratureLikelihood& likelihood) {
  const Eigen::Index tau = likelihood.num_parameters() - 1;
  double squares = 0.0;
  const auto& slopes = likelihood.slopes();
  const auto P = static_cast<std::size_t>(tau + 1);
  const std::size_t J = slopes.size() / P;
  for (std::size_t j = 0; j < J; ++j) {
    const double score = slopes[j * P + P - 1];  // ∂v̂/∂τ is S_j at τ = 0, where h = 1
    squares += score * score;
  }
  const double excess = -likelihood.information()(tau, tau);  // Σ(S_j² − I_j)
  const double information = squares - excess;                // Σ I_j
  const double variance = static_cast<double>(J) * excess / (information * information);
  return std::sqrt(std::clamp(variance, 0.01, 4.0));
}

Eigen::VectorXd column_spread(const PackedRows& rows, const GlmFamily& family) {
  const Eigen::Index p = rows.num_fixed;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(p), squares = sum;
  for (std::int64_t pack = 0; pack < rows.num_packs(); ++pack) {
    for (Eigen::Index a = 0; a < p; ++a) {
      const double* x = rows.x + (pack * p + a) * kPackRows;
      for (std::int64_t lane = 0; lane < kPackRows; ++lane) {
        sum[a] += x[lane];
        squares[a] += x[lane] * x[lane];
      }
    }
  }
  const auto n = static_cast<double>(rows.num_obs());
  Eigen::VectorXd spread = Eigen::VectorXd::Ones(p + family.num_extra + 1);
  for (Eigen::Index a = 0; a < p; ++a) {
    const double mean = sum[a] / n;
    const double variance = squares[a] / n - mean * mean;
    if (variance > 1e-12 * squares[a] / n) spread[a] = std::sqrt(variance);
  }
  return spread;
}

}  // namespace merit
