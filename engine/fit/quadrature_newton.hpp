// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/fit/quadrature.hpp"

namespace merit {

struct NewtonOptions {
  /// Done when the Newton step, in units of the estimates' standard errors (√(gᵀI⁻¹g)), is
  /// shorter than this; the step is still taken, and is right to about its square.
  double tolerance = 1e-9;
  int max_evaluations = 500;
  bool fix_tau = false;  ///< leave the last parameter where it is
};

enum class NewtonEnd {
  converged,
  diverging,      ///< some parameters run to infinity, along `direction`
  collinear,      ///< the information is singular
  not_converged,  ///< no step goes up any more, or too many evaluations
};

struct NewtonResult {
  Eigen::VectorXd psi;
  double log_likelihood = 0.0;
  NewtonEnd end = NewtonEnd::not_converged;
  double step_length = 0.0;  ///< of the last step, in standard errors
  int evaluations = 0;
  Eigen::VectorXd direction;  ///< P, the step that led away; empty unless diverging
};

/// Memory of maximise(), to be used again.
struct NewtonWorkspace {
  Eigen::MatrixXd information, scaled;
  Eigen::VectorXd scale, step, trial;
  AlignedVector<double> modes;
};

/// Maximises the likelihood from `start` by Newton's method with Louis' information (where
/// that is too rough, the observed one), going up at every step: steps are halved until they
/// do, and bent towards the gradient where the information is not positive definite.
///
/// A parameter runs to infinity (separation, a dispersion without bound) if the likelihood
/// has next to nothing to gain and still asks for long steps, measured by `spread`: the sd
/// of its column, 1 for others. The likelihood is even in τ; results have τ ≥ 0.
NewtonResult maximise(QuadratureLikelihood& likelihood,
                      const Eigen::VectorXd& start,
                      const Eigen::VectorXd& spread,
                      const NewtonOptions& options,
                      NewtonWorkspace& work);

/// −∂²log L/∂ψ∂ψ′ of the first `size` parameters, by central differences of the exact
/// gradient over 10⁻³ standard errors (their error is of the order of 10⁻⁷).
Eigen::MatrixXd observed_information(QuadratureLikelihood& likelihood,
                                     const Eigen::VectorXd& psi,
                                     Eigen::Index size,
                                     int& evaluations);

/// A last Newton step with the full information, after which estimates and standard errors
/// are final; false if it is longer than `tolerance` standard errors, or there is none.
/// The likelihood then holds the information.
bool polish(QuadratureLikelihood& likelihood,
            NewtonResult& result,
            double tolerance,
            bool fix_tau,
            NewtonWorkspace& work);

/// Whether τ̂ is 0: if the groups hardly differ at the end of `result`, the likelihood is
/// maximised at τ = 0, and that is taken (true) if it falls from there and is no lower.
bool settle_on_boundary(QuadratureLikelihood& likelihood,
                        const Eigen::VectorXd& spread,
                        const NewtonOptions& options,
                        NewtonResult& result,
                        NewtonWorkspace& work);

/// Inverse of a positive definite information; empty if it is singular.
Eigen::MatrixXd inverse_information(const Eigen::MatrixXd& information);

}  // namespace merit
