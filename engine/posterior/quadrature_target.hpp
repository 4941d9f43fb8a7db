// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "engine/fit/glmm_fit.hpp"
#include "engine/fit/quadrature.hpp"
#include "engine/posterior/marginal_target.hpp"
#include "engine/posterior/prior_set.hpp"

namespace merit {

/// The posterior of a generalised model with its group intercepts integrated out by
/// quadrature (engine/fit/quadrature.hpp), as a density of
///
///     x = (β about the common origin, the family's own, log τ)
///
/// log θ of the negative binomial and log τ add their Jacobians log θ and log τ. Thresholds
/// out of order have density 0. Intercepts' and thresholds' priors are those at the columns'
/// means, which the origin is.
class QuadratureTarget final : public MarginalTarget {
 public:
  QuadratureTarget(std::shared_ptr<const GlmmModel> model,
                   const PriorSet& priors,
                   int num_nodes,
                   Conditioning on = Conditioning::data);
  QuadratureTarget(const QuadratureTarget&) = delete;
  QuadratureTarget& operator=(const QuadratureTarget&) = delete;

  Eigen::Index size() const override { return model_->num_parameters(); }
  Eigen::Index num_groups() const override { return model_->rows.num_groups(); }
  std::unique_ptr<Worker> worker() const override;
  TargetValue value(Worker& worker,
                    const Eigen::VectorXd& x,
                    const AlignedVector<double>& modes) const override;
  TargetValue derivatives(Worker& worker,
                          const Eigen::VectorXd& x,
                          Eigen::VectorXd& gradient,
                          Eigen::MatrixXd& curvature) const override;
  bool draw_groups(Worker& worker, Variates& random, double* u) const override;
  /// τ is the last.
  Eigen::VectorXd reported(const Eigen::VectorXd& x) const override;
  Eigen::VectorXd from_reported(const Eigen::VectorXd& values) const override;

 private:
  class Evaluation;
  struct LinearPrior {
    Eigen::VectorXd c;  ///< the prior is on cᵀx
    Prior prior;
  };
  bool is_inside(const Eigen::VectorXd& x) const;
  void add_priors(const Eigen::VectorXd& x, TargetValue& value) const;

  std::shared_ptr<const GlmmModel> model_;
  GaussHermite rule_;
  Conditioning on_;
  std::vector<LinearPrior> linear_;
  Prior tau_;
  Prior dispersion_;
  bool has_dispersion_ = false;
};

}  // namespace merit
