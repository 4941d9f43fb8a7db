// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/fit/glmm_fit.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/resample/scheme.hpp"

/// The fits that each leave out one group: the jackknife over groups, from which BCa intervals
/// take their acceleration. A group without which the model cannot be fitted (a column that
/// varies in it alone, or one group left) is a failure with a status, as a replicate's.
namespace merit {

/// What these fits end with, in the order of the groups.
struct DeleteOneFits {
  std::int64_t num_estimates = 0;  ///< columns: those of a replicate
  std::vector<double> estimate;    ///< J × num_estimates, row-major; NaN in failed rows
  std::vector<std::uint8_t> status;  ///< J, ReplicateStatus

  std::int64_t num_groups() const { return std::ssize(status); }
  std::int64_t num_failed() const;
  /// Of all groups. @param index  of the estimate
  std::vector<double> column(std::int64_t index) const;
};

/// As a scheme whose replicate j is the fit without group j, so that threads and ranks share
/// them like replicates.
///
/// Gaussian: the fit of engine/fit/gaussian_fit.hpp to the statistics of the other groups, whose
/// within-group products are summed anew (from sums of those before and behind each group), not
/// subtracted: no digits are lost to a group that outweighs the others. O(J p²) each.
/// @param stats  with `group_within`
std::unique_ptr<Scheme> delete_one_group(const GroupedStats& stats, Criterion criterion);

/// Other families: the group has multiplicity 0. As exact as a replicate's fit.
std::unique_ptr<Scheme> glmm_delete_one_group(std::shared_ptr<const GlmmModel> model,
                                              const GlmmFit& fit);

}  // namespace merit
