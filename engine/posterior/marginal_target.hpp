// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <Eigen/Dense>

#include "engine/posterior/variates.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// What a density is given: the data, or nothing, which leaves the prior.
enum class Conditioning { data, nothing };

/// log p(x | y) and what it is made of, up to a constant.
struct TargetValue {
  double log_density = 0.0;     ///< of x: likelihood, priors and the Jacobian
  double log_likelihood = 0.0;  ///< group intercepts integrated out
  double log_prior = 0.0;       ///< of the parameters as such
  bool finite = false;
};

/// The posterior of a model with its group intercepts integrated out, as a density of P real
/// coordinates x, the last of which is log τ or goes to ±∞ as τ goes to the ends of its range.
/// What TauLadder and the samplers know of a model.
class MarginalTarget {
 public:
  /// Memory of one thread.
  class Worker {
   public:
    virtual ~Worker() = default;
    /// Where searches for the groups' modes begin, and where the last one ended; empty where a
    /// closed form needs none.
    virtual AlignedVector<double>& modes() = 0;
  };

  virtual ~MarginalTarget() = default;

  virtual Eigen::Index size() const = 0;  ///< P
  virtual Eigen::Index num_groups() const = 0;
  virtual std::unique_ptr<Worker> worker() const = 0;

  /// At x, the group modes found from `modes` (J): a pure function of both.
  virtual TargetValue value(Worker& worker,
                            const Eigen::VectorXd& x,
                            const AlignedVector<double>& modes) const = 0;

  /// The same with the gradient and a curvature (−Hessian, nearly) in x, the modes found from
  /// where the worker's are.
  virtual TargetValue derivatives(Worker& worker,
                                  const Eigen::VectorXd& x,
                                  Eigen::VectorXd& gradient,
                                  Eigen::MatrixXd& curvature) const = 0;

  /// Draws the group intercepts (J) given x, at which value() was asked last; false if x is too
  /// far off for that.
  virtual bool draw_groups(Worker& worker, Variates& random, double* u) const = 0;

  /// The parameters as reported, P of them.
  virtual Eigen::VectorXd reported(const Eigen::VectorXd& x) const = 0;
  /// And back, but for rounding.
  virtual Eigen::VectorXd from_reported(const Eigen::VectorXd& values) const = 0;
};

}  // namespace merit
