// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include <Eigen/Dense>

#include "engine/posterior/marginal_target.hpp"
#include "engine/posterior/variates.hpp"

namespace merit {

/// A distribution that is close to a marginal posterior and easy to draw from: the proposal of
/// an independence sampler.
///
/// What is hard about these posteriors is τ where groups are few: skewed, with a tail towards
/// 0 and a heavy one upwards. So log τ has a ladder: at each rung t the posterior is maximised
/// over the other parameters, with mode m(t) and curvature H(t), and
///
///     g(t) = log p(m(t), t) − ½ log|H(t)|
///
/// is Laplace's approximation of the log marginal density of log τ. Rungs are set where a
/// straight line between their neighbours is off by more than 0.02. Proposals: log τ from the
/// density e^g, g linear between rungs and beyond the last ones; the other parameters from a
/// multivariate t about m(t), m and the root of H⁻¹ linear between
/// rungs. Its density is known exactly.
class TauLadder {
 public:
  struct Rung {
    double t = 0.0;
    double level = 0.0;                 ///< g
    Eigen::VectorXd mode;               ///< m, P − 1
    Eigen::MatrixXd factor;             ///< lower triangle, factor factorᵀ = H⁻¹
    AlignedVector<double> group_modes;  ///< where searches for the groups' modes begin
  };

  /// @param start  near the mode: x
  /// @throws DataError if the posterior has no mode along the ladder, or is improper there
  TauLadder(const MarginalTarget& target, const Eigen::VectorXd& start);

  /// Degrees of freedom of the t (12 to begin with), and a factor on its width (1).
  void widen(double degrees, double width) {
    degrees_ = degrees;
    width_ = width;
  }

  void draw(Variates& random, Eigen::VectorXd& x) const;
  double log_density(const Eigen::VectorXd& x) const;
  const AlignedVector<double>& group_modes(double t) const {
    return nearest(t).group_modes;
  }

  /// The ladder's own coordinates z of x = (m(t) + F(t) z, t), t last; and back, with
  /// log |∂x/∂z| as the value.
  void to_standard(const Eigen::VectorXd& x, Eigen::VectorXd& z) const;
  double from_standard(const Eigen::VectorXd& z, Eigen::VectorXd& x) const;
  /// Standard deviation of log τ.
  double spread() const;

  const std::vector<Rung>& rungs() const { return rungs_; }

 private:
  struct Place {
    std::size_t rung = 0;  ///< between this one and the next
    double weight = 0.0;   ///< of the next one
  };
  /// Of the other parameters given log τ.
  struct Local {
    Eigen::VectorXd mode;
    Eigen::MatrixXd factor;
  };
  Local local(double t) const;
  std::optional<Rung> climb(const MarginalTarget& target,
                            MarginalTarget::Worker& worker,
                            double t,
                            const Rung* from,
                            const Eigen::VectorXd& start) const;
  static Rung rung_of(MarginalTarget::Worker& worker,
                      const Eigen::VectorXd& x,
                      const TargetValue& at,
                      const Eigen::LLT<Eigen::MatrixXd>& chol);
  void build(const MarginalTarget& target, const Eigen::VectorXd& start);
  void normalise();
  const Rung& nearest(double t) const;
  Place place(double t) const;

  std::vector<Rung> rungs_;
  std::vector<double> cumulative_;  // left tail, segments, right tail
  double left_slope_ = 1.0, right_slope_ = -1.0;
  double log_total_ = 0.0;
  double degrees_ = 12.0, width_ = 1.0;
};

}  // namespace merit
