// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "engine/model/grouped_stats.hpp"
#include "engine/posterior/marginal_target.hpp"
#include "engine/posterior/prior_set.hpp"

namespace merit {

/// The posterior of a Gaussian model with its group intercepts integrated out in closed form,
/// for samplers that need no envelope: where priors contradict the data, GaussianPosterior
/// accepts next to nothing.
///
/// Each coordinate of x is a parameter as its prior sees it: the coefficients (the intercept at
/// the columns' means if its prior is there), then log σ, then log τ, or log(τ/σ) where that
/// ratio has the prior. A uniform prior's parameter v in (a, b) is log((v − a)/(b − v)) instead:
/// where the data pull beyond an end, the posterior has a mode near it all the same. With
/// y = φ(x), coordinate by coordinate, and (β about the origin, log σ, log τ) = A y for the
/// sparse A of these choices,
///
///     gradient = φ′ Aᵀg + that of priors and Jacobian,    curvature = φ′AᵀHAφ′ − diag(φ″ Aᵀg) + theirs
///
/// of the likelihood's g and H (gaussian_likelihood.hpp). Of the prior alone the likelihood is 1.
class GaussianTarget final : public MarginalTarget {
 public:
  GaussianTarget(const GroupedStats& stats,
                 const PriorSet& priors,
                 Conditioning on = Conditioning::data);

  Eigen::Index size() const override { return stats_.num_fixed() + 2; }
  Eigen::Index num_groups() const override { return stats_.num_groups(); }
  std::unique_ptr<Worker> worker() const override;
  /// Needs no modes.
  TargetValue value(Worker& worker,
                    const Eigen::VectorXd& x,
                    const AlignedVector<double>& modes) const override;
  TargetValue derivatives(Worker& worker,
                          const Eigen::VectorXd& x,
                          Eigen::VectorXd& gradient,
                          Eigen::MatrixXd& curvature) const override;
  bool draw_groups(Worker& worker, Variates& random, double* u) const override;
  /// β, τ, σ.
  Eigen::VectorXd reported(const Eigen::VectorXd& x) const override;
  Eigen::VectorXd from_reported(const Eigen::VectorXd& values) const override;

  /// Where to look for the posterior first. @param values  as reported, e.g. a fit's
  Eigen::VectorXd start(Eigen::VectorXd values) const;

 private:
  class Point;
  /// y = φ(x) of one coordinate, as far as it is asked for.
  struct Mapped {
    double y = 0.0;
    double slope = 1.0;  ///< φ′
    double bend = 0.0;   ///< φ″
  };
  struct Coordinate {
    Prior prior;
    bool is_scale = false;
    double shift = 0.0;            ///< of a location: the parameter is y + shift
    double value(double y) const;  ///< the parameter
    bool is_bounded() const { return prior.kind == PriorKind::uniform; }
  };
  static Mapped map(const Coordinate& of, double x);
  Eigen::VectorXd coordinates(const Eigen::VectorXd& values) const;
  bool find(Point& point, const Eigen::VectorXd& x) const;
  void add_priors(const Point& point, const Eigen::VectorXd& x, TargetValue& value) const;

  GroupedStats stats_;
  Conditioning on_;
  std::vector<Coordinate> coordinate_;  // p + 2
  Eigen::MatrixXd A_;
};

}  // namespace merit
