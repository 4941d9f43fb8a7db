// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "engine/posterior/marginal_target.hpp"
#include "engine/posterior/tau_ladder.hpp"

namespace merit {

/// A generalised model's posterior with its group intercepts integrated out, and the ladder
/// that says where it lies: what its samplers share.
struct MarginalPosterior {
  /// @param fit  ψ of a fit, to begin from
  /// @throws DataError if the posterior has no mode or is improper
  MarginalPosterior(std::shared_ptr<const GlmmModel> of_model,
                    const PriorSet& priors,
                    int num_nodes,
                    const Eigen::VectorXd& fit);

  /// Values of a draw: the parameters as reported, τ, log prior; group intercepts.
  std::int64_t row_width(bool with_groups) const {
    return target.size() + 1 + (with_groups ? model->rows.num_groups() : 0);
  }

  std::shared_ptr<const GlmmModel> model;
  MarginalTarget target;
  TauLadder ladder;
};

/// Why the posterior of a generalised model is improper under these priors; empty if it is
/// not. For a flat prior of τ, groups whose responses differ count, less the columns that are
/// constant within groups and have flat priors: two at least have to be left (three for
/// `flat_var`).
std::string improper_reason(const GlmmModel& model, const PriorSet& priors);

}  // namespace merit
