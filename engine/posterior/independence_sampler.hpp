// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/posterior/draw_shape.hpp"
#include "engine/posterior/marginal_target.hpp"
#include "engine/posterior/tau_ladder.hpp"
#include "engine/resample/glmm_refit.hpp"
#include "engine/resample/replicate_rows.hpp"

namespace merit {

/// How wide a proposal is: degrees of freedom and scale of its multivariate t.
struct ProposalWidth {
  double degrees = 12.0;
  double factor = 1.0;
};

/// Draws from the marginal posterior of a generalised model by an independence sampler
/// (Metropolis–Hastings; Tierney 1994, Annals of Statistics 22) with a TauLadder as proposal.
///
/// A chain moves from x to a proposal x′ with probability min(1, w(x′)/w(x)), w = p/q. What
/// costs time is w(x′), and it does not depend on x: proposals are made and weighed anywhere,
/// in any order (`propose`), and one pass in the order of the chain decides (ChainScan). So
/// the draws are the same on any number of ranks and threads. Proposal t of chain c is a pure
/// function of (data, priors, seed, c, t); the first `warmup` are no draws.
///
/// Group intercepts are drawn exactly given x′ and go with the proposal: their density is in
/// p and in q alike, so that weights stay as they are.
///
/// If the weights have a heavy tail (Pareto k above 0.7 in a fixed pilot), chains would stick:
/// wider proposals are tried, and if none is good the posterior is refused.
class IndependenceSampler {
 public:
  /// @param model, start  must live as long as this object; start: psi of a fit
  /// @throws DataError if the posterior is improper or the weights are poor
  IndependenceSampler(std::shared_ptr<const GlmmModel> model,
                      const PriorSet& priors,
                      int num_nodes,
                      const Eigen::VectorXd& start,
                      const DrawShape& shape,
                      std::int64_t warmup,
                      std::uint64_t seed);

  /// Values per draw: the parameters as reported, τ, log prior; group intercepts if asked for.
  std::int64_t width() const {
    return target_.size() + 1 + (shape_.with_groups ? model_->rows.num_groups() : 0);
  }
  const DrawShape& shape() const { return shape_; }
  std::int64_t warmup() const { return warmup_; }

  /// The proposals of the draws [first, first + count), before those of a chain's first draw its
  /// warm-up: width() values and the log weight each. Thread-safe.
  void propose(std::int64_t first, std::int64_t count, ReplicateRows& rows) const;

  // From a fixed pilot.
  double acceptance() const { return acceptance_; }
  double pareto_k() const { return pareto_k_; }
  ProposalWidth proposal_width() const { return width_; }
  std::size_t num_rungs() const { return ladder_.rungs().size(); }

 private:
  friend class ChainScan;
  /// A proposal as one row: width() values, the log weight behind them.
  void propose_one(MarginalTarget::Worker& worker,
                   std::uint64_t seed,
                   Purpose purpose,
                   std::int64_t number,
                   bool with_groups,
                   double* values,
                   double& log_likelihood) const;
  void choose_proposal();
  void run_pilot();

  std::shared_ptr<const GlmmModel> model_;
  MarginalTarget target_;
  TauLadder ladder_;
  DrawShape shape_;
  std::int64_t warmup_;
  std::uint64_t seed_;
  ProposalWidth width_;
  double acceptance_ = 0.0;
  double pareto_k_ = 0.0;
  mutable WorkerPool<MarginalTarget::Worker> workers_;
};

/// The sequential part: turns proposals into draws, in the order of the rows.
class ChainScan {
 public:
  /// @param status  of the rows that are stored already (−1: not), to go on behind them
  ChainScan(const IndependenceSampler& sampler, std::vector<std::int8_t> status);

  /// The draws [first, first + count) from their proposals; all rows before are stored or have
  /// passed here.
  void accept(std::int64_t first,
              std::int64_t count,
              const ReplicateRows& proposals,
              ReplicateRows& draws);

 private:
  void recover(std::int64_t row);
  bool step(std::int64_t chain,
            std::int64_t t,
            const double* values,
            double log_likelihood);

  const IndependenceSampler* sampler_;
  std::vector<std::int8_t> status_;
  std::int64_t next_ = 0;  ///< the row that `current_` belongs before
  bool known_ = false;
  std::vector<double> current_;  ///< values and log weight
  double log_likelihood_ = 0.0;
};

/// Why the posterior of a generalised model is improper under these priors; empty if it is
/// not. For a flat prior of τ, groups whose responses differ count, less the columns that are
/// constant within groups and have flat priors: two at least have to be left (three for
/// `flat_var`).
std::string improper_reason(const GlmmModel& model, const PriorSet& priors);

}  // namespace merit
