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
#include "engine/simd/level.hpp"

namespace merit {

/// Replicated responses y_rep of a group's rows: for each draw of a posterior, responses of the same
/// rows given the draw's parameters and its intercept of the group,
///
///     y_rep,ij ~ p(· | x_ij, β, σ, u_j)
///
/// As numbers: y itself; of a binomial row with trials the share of events (as rstanarm's
/// pp_check has it; rows without any trial have none and are left out); of an ordinal one the
/// category's number, 1 to K in their order. A count beyond kLargestCount is 2 kLargestCount.
///
/// A replicate of row i of group j is a function of (seed, j, stream of the draw, i) alone. One group
/// and draw at a time: memory holds n_j numbers, never S × n. Cost O(p + 1) a row and draw, and
/// for counts what count_draw.hpp says.
class ReplicatedResponses {
 public:
  ReplicatedResponses() = default;
  ReplicatedResponses(const ReplicatedResponses&) = delete;
  ReplicatedResponses& operator=(const ReplicatedResponses&) = delete;
  virtual ~ReplicatedResponses() = default;

  using UseReplicate = std::function<void(std::size_t draw, std::span<const double> y)>;

  /// The responses that there are, as the same numbers.
  virtual std::vector<double> observed(std::int64_t group) const = 0;
  /// Calls use for each draw, in order. NaN where there is no intercept. Any thread.
  /// @param stream, intercept  S, of the draws
  virtual void of_group(std::int64_t group,
                        std::uint64_t seed,
                        std::span<const std::int64_t> stream,
                        std::span<const double> intercept,
                        const UseReplicate& use) const = 0;
};

/// Of a Gaussian model. @param draws  S × (p + 2): β, τ, σ
std::unique_ptr<const ReplicatedResponses> gaussian_replicated(
    std::shared_ptr<const GroupRows> rows, Eigen::MatrixXd draws, SimdLevel simd);

/// Of the other families. @param draws  S × P in the order of the report: the estimates, τ
std::unique_ptr<const ReplicatedResponses> glmm_replicated(
    std::shared_ptr<const GlmmModel> model, const Eigen::MatrixXd& draws, SimdLevel simd);

/// Intercepts of a group that has no data: u ~ N(0, τ²). A function of (seed, group, stream).
/// @param tau, stream  S, of the draws
std::vector<double> new_intercepts(std::int64_t group,
                                   std::uint64_t seed,
                                   std::span<const std::int64_t> stream,
                                   std::span<const double> tau);

}  // namespace merit
