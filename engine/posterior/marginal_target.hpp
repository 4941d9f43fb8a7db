// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include <Eigen/Dense>

#include "engine/fit/glmm_fit.hpp"
#include "engine/fit/quadrature.hpp"
#include "engine/posterior/prior_set.hpp"
#include "engine/posterior/variates.hpp"

namespace merit {

/// log p(x | y) and what it is made of, up to a constant.
struct TargetValue {
  double log_density = 0.0;     ///< of x: likelihood, priors and the Jacobian
  double log_likelihood = 0.0;  ///< group intercepts integrated out
  double log_prior = 0.0;       ///< of the parameters as such
  bool finite = false;
};

/// The posterior of a generalised model with its group intercepts integrated out by
/// quadrature (engine/fit/quadrature.hpp), as a density of
///
///     x = (β about the common origin, the family's own, log τ)
///
/// log θ of the negative binomial and log τ add their Jacobians log θ and log τ. Thresholds
/// out of order have density 0. Intercepts' and thresholds' priors are those at the columns'
/// means, which the origin is.
class MarginalTarget {
 public:
  /// Memory of one thread.
  struct Worker {
    Worker(const MarginalTarget& target);
    QuadratureLikelihood likelihood;
    Eigen::VectorXd psi;
  };

  /// @param model  must live as long as this object
  MarginalTarget(const GlmmModel& model, const PriorSet& priors, int num_nodes);
  MarginalTarget(const MarginalTarget&) = delete;
  MarginalTarget& operator=(const MarginalTarget&) = delete;

  Eigen::Index size() const { return model_->num_parameters(); }
  const GlmmModel& model() const { return *model_; }
  std::unique_ptr<Worker> worker() const { return std::make_unique<Worker>(*this); }

  /// At x, the group modes found from `modes` (J): a pure function of both.
  TargetValue value(Worker& worker,
                    const Eigen::VectorXd& x,
                    const AlignedVector<double>& modes) const;

  /// The same with the gradient and a curvature (−Hessian, nearly) in x, the modes found from
  /// where the worker's are.
  TargetValue derivatives(Worker& worker,
                          const Eigen::VectorXd& x,
                          Eigen::VectorXd& gradient,
                          Eigen::MatrixXd& curvature) const;

  /// Draws the group intercepts (J) given x, at which value() was asked last; false if x is too
  /// far off for that.
  bool draw_groups(Worker& worker, Variates& random, double* u) const;

  /// The parameters as reported, with τ last.
  Eigen::VectorXd reported(const Eigen::VectorXd& x) const;
  /// And back, but for rounding.
  Eigen::VectorXd from_reported(const Eigen::VectorXd& values) const;

 private:
  struct LinearPrior {
    Eigen::VectorXd c;  ///< the prior is on cᵀx
    Prior prior;
  };
  bool is_inside(const Eigen::VectorXd& x) const;
  void add_priors(const Eigen::VectorXd& x, TargetValue& value) const;

  const GlmmModel* model_;
  GaussHermite rule_;
  std::vector<LinearPrior> linear_;
  Prior tau_;
  Prior dispersion_;
  bool has_dispersion_ = false;
};

}  // namespace merit
