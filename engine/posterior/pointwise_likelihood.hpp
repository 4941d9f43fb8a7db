// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <Eigen/Dense>

#include "engine/fit/glmm_fit.hpp"
#include "engine/model/group_rows.hpp"

namespace merit {

/// The log-likelihood of each unit that can be left out, for all draws of a posterior.
///
/// *Of a group* (marginal): log p(y_j | β, σ, τ), its intercept integrated out. Leaving a group out
/// asks how well the model predicts one that it has no data of.
/// *Of a row* (conditional): log p(y_ij | β, σ, u_j), given the draw of its group's intercept: a new
/// row of a group that is known.
///
/// One unit at a time, so that memory holds S numbers of it and never S × n.
class PointwiseLikelihood {
 public:
  PointwiseLikelihood() = default;
  PointwiseLikelihood(const PointwiseLikelihood&) = delete;
  PointwiseLikelihood& operator=(const PointwiseLikelihood&) = delete;
  virtual ~PointwiseLikelihood() = default;

  using UseRow = std::function<void(std::span<const double> of_draws)>;

  /// One draw of the group's intercept for each draw of the parameters, exact given it: a function
  /// of (seed, group, stream of the draw) alone. Any thread. NaN where there is none.
  /// @param stream  S, of the draws
  virtual std::vector<double> intercepts(std::int64_t group,
                                         std::uint64_t seed,
                                         std::span<const std::int64_t> stream) const = 0;
  /// S, NaN where there is no finite value. Any thread.
  virtual std::vector<double> of_group(std::int64_t group) const = 0;
  /// Calls use for each of the group's rows, in order, with its S. Any thread.
  /// @param intercept  S, draws of the group's intercept
  virtual void of_rows(std::int64_t group,
                       std::span<const double> intercept,
                       const UseRow& use) const = 0;
};

/// Of a Gaussian model, in closed form: of a group from its mean and within-group products.
/// @param draws  S × (p + 2): β, τ, σ
std::unique_ptr<const PointwiseLikelihood> gaussian_pointwise(
    std::shared_ptr<const GroupRows> rows, Eigen::MatrixXd draws);

/// Of the other families: of a group by the quadrature that the draws were made with.
/// @param draws  S × P in the order of the report: the estimates, τ
/// @param modes  J, where the search for the groups' modes begins
std::unique_ptr<const PointwiseLikelihood> quadrature_pointwise(
    std::shared_ptr<const GlmmModel> model,
    const Eigen::MatrixXd& draws,
    const AlignedVector<double>& modes,
    int num_nodes);

}  // namespace merit
