// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <Eigen/Dense>

#include "engine/model/group_rows.hpp"
#include "engine/resample/group_constants.hpp"
#include "engine/resample/packs.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// What one replicate adds to Xβ̂: u*_j of the groups, and of e* the sums that the likelihood
/// needs.
struct DrawnErrors {
  Eigen::VectorXd group;  ///< J, u*_j
  Eigen::VectorXd sum;    ///< J, Σ_i e*_ij
  Eigen::VectorXd cross;  ///< p, Σ x_ij e*_ij, x from the common origin
  double square = 0.0;    ///< Σ e*²
  Eigen::VectorXd error;  ///< n, e* itself, for those who draw it row by row
};

/// A scheme that draws new responses for the X and groups that there are.
///
/// Of the statistics only those of y change: ȳ*_j = x̄_jᵀβ̂ + u*_j + ē*_j, and with w_xe =
/// Σx e* − Σ n_j x̄_j ē*_j and w_ee = Σe*² − Σ n_j ē*_j²
///
///     W_xy* = W_xx β̂ + w_xe,    W_yy* = β̂ᵀW_xx β̂ + 2 β̂ᵀw_xe + w_ee.
///
/// Eight replicates are then fitted at once. Cost per replicate: the draw, and O(J p²).
class NewResponses : public Scheme {
 public:
  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const final;
  std::optional<ReplicateData> data(std::int64_t replicate) const final;

 protected:
  NewResponses(const GroupedStats& stats,
               const GroupRows& rows,
               const FitResult& fit,
               const SchemeOptions& options);

  /// Fills `errors`, whose vectors have their sizes. Thread-safe.
  virtual void draw(std::int64_t replicate, DrawnErrors& errors) const = 0;

  /// The same with errors.error in any case: of those who draw sums alone.
  virtual void draw_rows(std::int64_t replicate, DrawnErrors& errors) const {
    draw(replicate, errors);
  }

  /// sum, cross and square from errors.error.
  void add_up(DrawnErrors& errors) const;

  std::uint64_t seed() const { return options_.seed; }
  Eigen::Index num_groups() const { return size_.size(); }
  Eigen::Index num_obs() const { return X_.rows(); }
  Eigen::Index first_row(Eigen::Index group) const {
    return first_[static_cast<std::size_t>(group)];
  }
  Eigen::Index group_size(Eigen::Index group) const {
    return first_row(group + 1) - first_row(group);
  }
  const Eigen::VectorXd& residual() const { return residual_; }  ///< n, y − Xβ̂
  const Eigen::MatrixXd& X() const { return X_; }  ///< n × p, from the common origin
  Eigen::VectorXd group_sums(const Eigen::VectorXd& values) const;  ///< of n values

 private:
  void put(const DrawnErrors& errors,
           std::int64_t lane,
           double* mean,
           double* within) const;
  DrawnErrors room_for_errors() const;

  SchemeOptions options_;
  decltype(GroupedKernels::fit) kernel_;
  GroupArrays arrays_;
  std::vector<std::int64_t> first_;
  Eigen::MatrixXd X_, mean_x_;  // n × p; p × J
  Eigen::VectorXd size_, beta_, residual_;
  Eigen::VectorXd fitted_mean_;  // J, x̄_jᵀβ̂
  Eigen::VectorXd Wxx_beta_;     // p
  double fitted_square_;         // β̂ᵀW_xx β̂
  Eigen::VectorXd packed_;       // pairs, W of the data
};

}  // namespace merit
