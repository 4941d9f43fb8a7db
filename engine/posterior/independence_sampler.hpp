// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/posterior/draw_shape.hpp"
#include "engine/posterior/marginal_posterior.hpp"
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
/// If the weights have a heavy tail (Pareto k above ½ in a fixed pilot: no variance), chains
/// would stick: wider proposals are tried, and if none is good another sampler is needed
/// (SliceSampler).
class IndependenceSampler {
 public:
  static constexpr double kWorstK = 0.5;

  IndependenceSampler(std::shared_ptr<const MarginalPosterior> posterior,
                      const DrawShape& shape,
                      std::int64_t warmup,
                      std::uint64_t seed);

  /// Values per draw: the parameters as reported, τ, log prior; group intercepts if asked for.
  std::int64_t width() const { return posterior_->row_width(shape_.with_groups); }
  const DrawShape& shape() const { return shape_; }
  std::int64_t warmup() const { return warmup_; }

  /// The proposals of the draws [first, first + count), before those of a chain's first draw its
  /// warm-up: width() values and the log weight each. Thread-safe.
  void propose(std::int64_t first, std::int64_t count, ReplicateRows& rows) const;

  /// What a fixed pilot of the proposal that was taken has shown.
  struct Pilot {
    double acceptance = 0.0;  ///< share of proposals that a chain takes
    double pareto_k = 0.0;
  };
  const Pilot& pilot() const { return pilot_; }
  /// Whether chains would mix.
  bool is_good() const { return is_good(pilot_); }
  ProposalWidth proposal_width() const { return width_; }

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
  static bool is_good(const Pilot& pilot) { return pilot.pareto_k < kWorstK; }
  void choose_proposal();
  Pilot run_pilot() const;

  std::shared_ptr<const MarginalPosterior> posterior_;
  TauLadder ladder_;  ///< its own: wider
  DrawShape shape_;
  std::int64_t warmup_;
  std::uint64_t seed_;
  ProposalWidth width_;
  Pilot pilot_;
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

}  // namespace merit
