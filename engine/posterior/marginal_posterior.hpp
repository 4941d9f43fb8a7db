// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "engine/fit/glmm_fit.hpp"
#include "engine/posterior/marginal_target.hpp"
#include "engine/posterior/prior_set.hpp"
#include "engine/posterior/tau_ladder.hpp"

namespace merit {

/// A posterior with the group intercepts integrated out, and the ladder that says where it
/// lies: what its samplers share.
struct MarginalPosterior {
  /// @param start  x to begin from
  /// @throws DataError if the posterior has no mode or is improper
  MarginalPosterior(std::unique_ptr<const MarginalTarget> of_target,
                    const Eigen::VectorXd& start)
      : target(std::move(of_target)), ladder(*target, start) {}

  /// Of a generalised model. @param fit  ψ of a fit, to begin from
  MarginalPosterior(std::shared_ptr<const GlmmModel> model,
                    const PriorSet& priors,
                    int num_nodes,
                    const Eigen::VectorXd& fit,
                    Conditioning on = Conditioning::data);

  /// Values of a draw: the parameters as reported, log prior; group intercepts.
  std::int64_t row_width(bool with_groups) const {
    return target->size() + 1 + (with_groups ? target->num_groups() : 0);
  }

  std::unique_ptr<const MarginalTarget> target;
  TauLadder ladder;
};

/// Why the posterior of a generalised model is improper under these priors; empty if it is
/// not. For a flat prior of τ, groups whose responses differ count, less the columns that are
/// constant within groups and have flat priors: two at least have to be left (three for
/// `flat_var`).
std::string improper_reason(const GlmmModel& model, const PriorSet& priors);

}  // namespace merit
