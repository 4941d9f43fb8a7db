// SPDX-License-Identifier: MIT
#include "engine/fit/glmm_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/fit/glmm_start.hpp"
#include "engine/fit/quadrature_newton.hpp"
#include "engine/fit/response_icc.hpp"
#include "engine/model/elementary.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Differences of the gradient want modes to nearly all digits.
constexpr double kModeTolerance = 1e-11;
// Where quadrature error matters: in log-likelihood, and relative in standard errors.
constexpr double kLogLikelihoodMatters = 1e-3;
constexpr double kStdErrorMatters = 1e-2;

/// Both maxima there can be: inside, and at τ = 0.
struct Search {
  NewtonResult best;
  bool on_boundary = false;
};

Search search(QuadratureLikelihood& likelihood,
              const GlmmModel& model,
              int max_evaluations,
              NewtonWorkspace& work) {
  const Eigen::Index tau = model.num_parameters() - 1;
  const NewtonOptions options{.max_evaluations = max_evaluations};
  NewtonOptions fixed = options;
  fixed.fix_tau = true;
  const NewtonResult flat =
      maximise(likelihood, start_values(model), model.spread, fixed, work);
  Search out{flat, true};
  if (flat.end == NewtonEnd::diverging) return out;
  likelihood.evaluate(flat.psi, QuadratureDetail::information);
  const double fall = likelihood.information()(tau, tau);  // −∂²log L/∂τ² at 0

  Eigen::VectorXd start = flat.psi;
  start[tau] = start_tau(likelihood);
  NewtonResult inside = maximise(likelihood, start, model.spread, options, work);
  inside.evaluations += flat.evaluations + 1;
  const bool higher = inside.log_likelihood > flat.log_likelihood + 1e-9;
  const bool usable = inside.end == NewtonEnd::converged || fall < 0.0;
  out.best.evaluations = inside.evaluations;
  if (higher && usable) {
    out = {inside, false};
  } else {
    likelihood.modes().assign(likelihood.modes().size(), 0.0);
  }
  return out;
}

/// The estimates that move along `direction`, as far as that counts on the scale of η.
std::vector<Eigen::Index> diverging_rows(const GlmmModel& model,
                                         const Eigen::MatrixXd& jacobian,
                                         const Eigen::VectorXd& direction) {
  if (direction.size() == 0) return {};
  const Eigen::Index p = model.rows.num_fixed, P = model.num_parameters();
  Eigen::VectorXd reported(P), spread = Eigen::VectorXd::Ones(P);
  reported << jacobian * direction.head(P - 1), direction[P - 1];
  const Eigen::Index first_column = model.family.has_thresholds() ? P - 1 - p : 0;
  spread.segment(first_column, p) = model.spread.head(p);
  const Eigen::ArrayXd length = (reported.array() * spread.array()).abs();
  std::vector<Eigen::Index> rows;
  for (Eigen::Index a = 0; a < P; ++a) {
    if (length[a] > 0.2 * length.maxCoeff()) rows.push_back(a);
  }
  return rows;
}

/// With sampling weights, J/(J − 1) Σ_j u_j² s_j s_jᵀ with the groups' scores s_j in the first
/// `num_free` parameters (engine/fit/weighted_fit.hpp); else empty.
Eigen::MatrixXd score_products(QuadratureLikelihood& likelihood,
                               const PackedRows& rows,
                               const Eigen::VectorXd& psi,
                               Eigen::Index num_free) {
  if (!rows.is_weighted()) return {};
  likelihood.evaluate(psi, QuadratureDetail::value);  // finds the modes
  const std::int64_t J = rows.num_groups();
  Eigen::MatrixXd products = Eigen::MatrixXd::Zero(num_free, num_free);
  for (std::int64_t j = 0; j < J; ++j) {
    const Eigen::VectorXd score =
        rows.weight_of_group(j) * likelihood.group_gradient(psi, j).head(num_free);
    products += score * score.transpose();
  }
  return products * (static_cast<double>(J) / static_cast<double>(J - 1));
}

/// Covariances of the reported estimates from the information of ψ, and what is infinite.
/// @param products  score_products: if there are any, the covariances are the sandwich's
void add_inference(const GlmmModel& model,
                   const Eigen::MatrixXd& information,
                   const Eigen::MatrixXd& products,
                   const Eigen::VectorXd& direction,
                   GlmmFit& fit) {
  const Eigen::Index P = model.num_parameters(), num_free = information.rows();
  Eigen::MatrixXd jacobian = Eigen::MatrixXd::Identity(num_free, num_free);
  jacobian.topLeftCorner(P - 1, P - 1) = reported_jacobian(model, fit.psi);
  fit.diverging = diverging_rows(model, jacobian.topLeftCorner(P - 1, P - 1), direction);
  const Eigen::MatrixXd back = jacobian.inverse();
  const Eigen::MatrixXd reported = back.transpose() * information * back;
  std::vector<Eigen::Index> kept;
  for (Eigen::Index a = 0; a < num_free; ++a) {
    if (std::find(fit.diverging.begin(), fit.diverging.end(), a) == fit.diverging.end())
      kept.push_back(a);
  }
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Constant(P, P, kNaN);
  Eigen::MatrixXd inverse = inverse_information(reported(kept, kept));
  if (inverse.size() > 0 && products.size() > 0) {
    const Eigen::MatrixXd filling = back.transpose() * products * back;
    inverse = (inverse * filling(kept, kept) * inverse).eval();
  }
  if (inverse.size() > 0) covariance(kept, kept) = inverse;
  for (const Eigen::Index a : fit.diverging) {
    const double sign = a < P - 1 ? (jacobian * direction.head(num_free))[a] : 1.0;
    (a < P - 1 ? fit.result.beta[a] : fit.result.tau) = std::copysign(kInfinity, sign);
    covariance.row(a).setConstant(kInfinity);
    covariance.col(a).setConstant(kInfinity);
  }
  fit.result.vcov = covariance.topLeftCorner(P - 1, P - 1);
  fit.result.tau_std_error = std::sqrt(covariance(P - 1, P - 1));
}

/// The largest |∂log L/∂ψ_a| in units of 1/√I_aa: by how many standard errors (the other
/// parameters given) an estimate would still move.
double largest_scaled_gradient(QuadratureLikelihood& likelihood,
                               const Eigen::VectorXd& psi,
                               const Eigen::MatrixXd& information) {
  likelihood.evaluate(psi, QuadratureDetail::gradient);
  const Eigen::Index size = information.rows();
  return (likelihood.gradient().head(size).array() /
          information.diagonal().array().abs().sqrt())
      .abs()
      .maxCoeff();
}

QuadratureError check_rule(QuadratureLikelihood& likelihood,
                           const GlmmFit& fit,
                           const Eigen::MatrixXd& information,
                           int& evaluations) {
  QuadratureError error{.num_nodes = fit.num_nodes};
  const GaussHermite finer(std::min(2 * fit.num_nodes + 1, kMostNodes));
  likelihood.set_rule(finer, kModeTolerance);
  likelihood.evaluate(fit.psi, QuadratureDetail::full_information);
  ++evaluations;
  error.log_likelihood = likelihood.log_likelihood() - fit.result.log_likelihood;
  const Eigen::Index size = information.rows();
  const Eigen::MatrixXd coarse = inverse_information(information);
  const Eigen::MatrixXd fine =
      inverse_information(likelihood.information().topLeftCorner(size, size));
  if (coarse.size() == 0 || fine.size() == 0) {
    error.std_error = kNaN;
    return error;
  }
  for (Eigen::Index a = 0; a < size; ++a) {
    error.std_error =
        std::max(error.std_error, std::abs(std::sqrt(fine(a, a) / coarse(a, a)) - 1.0));
  }
  return error;
}

bool matters(const QuadratureError& error) {
  return !(std::abs(error.log_likelihood) < kLogLikelihoodMatters) ||
         !(error.std_error < kStdErrorMatters);
}

void add_message(GlmmFit& fit) {
  FitResult& result = fit.result;
  std::string& text = result.message;
  if (!result.converged) {
    text = fmt::format(
        "not converged after {} evaluations: the largest scaled gradient is {:.3g}, by "
        "about as many standard errors an estimate would still move",
        result.iterations,
        result.gradient);
  } else if (result.on_boundary) {
    text = "boundary fit: the sd of the group intercepts is estimated as 0";
  }
  if (result.quadrature && matters(*result.quadrature) && result.converged) {
    text += fmt::format(
        "{}{} quadrature points are too few: with {} the log-likelihood differs by "
        "{:.2g} "
        "and a standard error by {:.2g}%; use --nagq auto",
        text.empty() ? "" : "; ",
        fit.num_nodes,
        2 * fit.num_nodes + 1,
        result.quadrature->log_likelihood,
        100.0 * result.quadrature->std_error);
  }
}

GlmmFit fit_with(const GlmmModel& model, int num_nodes, int max_evaluations) {
  const Eigen::Index P = model.num_parameters();
  const GaussHermite rule(num_nodes);
  QuadratureLikelihood likelihood(
      model.rows, model.family, model.response, rule, kModeTolerance);
  NewtonWorkspace work;
  const Search found = search(likelihood, model, max_evaluations, work);

  GlmmFit fit;
  fit.num_nodes = num_nodes;
  fit.psi = found.best.psi;
  FitResult& result = fit.result;
  result.criterion = Criterion::ml;
  result.sigma = kNaN;
  result.tau = fit.psi[P - 1];
  result.on_boundary = found.on_boundary;
  result.converged = found.best.end == NewtonEnd::converged;
  result.log_likelihood = found.best.log_likelihood;
  result.iterations = found.best.evaluations;
  result.gradient = found.best.step_length;
  result.latent_variance = latent_variance(model.family.family, model.family.link);
  result.response_icc = response_icc(model, fit.psi);
  result.beta = reported_estimates(model, fit.psi);

  const Eigen::Index num_free = found.on_boundary ? P - 1 : P;
  const Eigen::MatrixXd information =
      observed_information(likelihood, fit.psi, num_free, result.iterations);
  add_inference(model,
                information,
                score_products(likelihood, model.rows, fit.psi, num_free),
                found.best.direction,
                fit);
  if (!result.converged)
    result.gradient = largest_scaled_gradient(likelihood, fit.psi, information);
  likelihood.evaluate(fit.psi, QuadratureDetail::value);
  fit.start_modes = likelihood.modes();
  const Eigen::Index J = model.rows.num_groups();
  fit.modes.mode.resize(J);
  fit.modes.sd.resize(J);
  for (Eigen::Index j = 0; j < J; ++j) {
    const auto at = static_cast<std::size_t>(j);
    fit.modes.mode[j] = result.tau * likelihood.modes()[at];
    fit.modes.sd[j] = result.tau / std::sqrt(likelihood.curvatures()[at]);
  }
  if (result.converged)
    result.quadrature = check_rule(likelihood, fit, information, result.iterations);
  return fit;
}

}  // namespace

void require_a_fit_to_exist(const GlmmModel& model) {
  const PackedRows& rows = model.rows;
  if (rows.num_groups() < 2) {
    throw DataError(
        fmt::format("{} group: the sd of group intercepts needs at least 2 groups",
                    rows.num_groups()));
  }
  const bool singletons =
      std::all_of(rows.size.begin(), rows.size.end(), [](auto n) { return n < 2; });
  const bool one_bit = model.family.bernoulli || model.family.has_thresholds();
  if (singletons && one_bit) {
    throw DataError(fmt::format(
        "each of the {} groups has one row: with a {} response the sd of group "
        "intercepts cannot be told apart from the link; at least one group needs two "
        "rows",
        rows.num_groups(),
        model.family.bernoulli ? "binary" : "ordinal"));
  }
}

GlmmModel glmm_model(PackedRows rows, const GlmFamily& family, bool has_intercept) {
  GlmmModel model{.rows = std::move(rows),
                  .family = family,
                  .response = {},
                  .has_intercept = has_intercept,
                  .spread = {}};
  describe_outcome(family, model.rows, model.rows.y, model.response);
  model.spread = column_spread(model.rows, family);
  return model;
}

GlmmFit fit_glmm(const GlmmModel& model, const GlmmOptions& options) {
  require_a_fit_to_exist(model);
  GlmmFit fit = fit_with(model, options.num_nodes, options.max_evaluations);
  while (options.automatic && fit.result.quadrature && matters(*fit.result.quadrature) &&
         2 * fit.num_nodes + 1 <= kMostNodes) {
    fit = fit_with(model, 2 * fit.num_nodes + 1, options.max_evaluations);
  }
  add_message(fit);
  return fit;
}

Eigen::VectorXd reported_estimates(const GlmmModel& model, const Eigen::VectorXd& psi) {
  const Eigen::Index p = model.rows.num_fixed, E = model.family.num_extra;
  Eigen::VectorXd linear = reported_jacobian(model, psi) * psi.head(p + E);
  // θ is the exponential of its parameter.
  if (model.family.family == Family::negbinomial) linear[p] = elementary::exp(psi[p]);
  return linear;
}

Eigen::VectorXd parameters_of(const GlmmModel& model,
                              const Eigen::VectorXd& reported,
                              double tau) {
  const Eigen::Index size = model.num_parameters() - 1;
  Eigen::VectorXd psi = Eigen::VectorXd::Zero(size + 1);
  Eigen::VectorXd linear = reported;
  const Eigen::Index p = model.rows.num_fixed;
  if (model.family.family == Family::negbinomial) linear[p] = elementary::log(linear[p]);
  psi.head(size) = reported_jacobian(model, psi).partialPivLu().solve(linear);
  psi[size] = tau;
  return psi;
}

Eigen::MatrixXd reported_jacobian(const GlmmModel& model, const Eigen::VectorXd& psi) {
  const Eigen::Index p = model.rows.num_fixed, E = model.family.num_extra;
  const Eigen::VectorXd& origin = model.rows.origin;
  Eigen::MatrixXd J = Eigen::MatrixXd::Zero(p + E, p + E);
  if (model.family.has_thresholds()) {
    // θ_c − (x − origin)'β = (θ_c + origin'β) − x'β
    J.topRightCorner(E, E).setIdentity();
    J.topLeftCorner(E, p).rowwise() = origin.transpose();
    J.bottomLeftCorner(p, p).setIdentity();
    return J;
  }
  J.setIdentity();
  if (model.has_intercept) J.row(0).head(p) -= origin.transpose();
  if (E == 1) J(p, p) = elementary::exp(psi[p]);
  return J;
}

}  // namespace merit
