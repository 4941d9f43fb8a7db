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

/// Draws from the marginal posterior of a generalised model by slice sampling: for posteriors
/// that no proposal of the IndependenceSampler covers (many columns, tails that separation
/// or few groups leave to the prior).
///
/// The chain moves in the ladder's coordinates, t = log τ and z with x = (m(t) + F(t) z, t),
/// whose density is p(x) |F(t)|: there a normal posterior has independent standard normal z,
/// however narrow it is at small τ. A draw is a sweep over t and every z, each
/// by Neal's (2003, Annals of Statistics 31(3)) slice with stepping out and shrinkage. It needs
/// no tuning, follows tails as far as they go, and leaves the posterior as it is
/// whatever the ladder is worth.
///
/// Draw i is a pure function of (data, priors, seed, chain, i, the row of draw i − 1): the state
/// is what is stored. So a chain can go on anywhere, and is the same however it is cut.
class SliceSampler {
 public:
  SliceSampler(std::shared_ptr<const MarginalPosterior> posterior,
               const DrawShape& shape,
               std::int64_t warmup,
               std::uint64_t seed);

  /// Values per draw: as IndependenceSampler::width().
  std::int64_t width() const { return posterior_->row_width(shape_.with_groups); }
  const DrawShape& shape() const { return shape_; }
  std::int64_t warmup() const { return warmup_; }

  /// The draws [first, first + count), all of one chain. @param before  the row before them,
  /// width() values; not looked at for the first of a chain, which begins with the warm-up.
  /// Thread-safe.
  void advance(std::int64_t first,
               std::int64_t count,
               const double* before,
               ReplicateRows& rows) const;

  /// A state to go on from without a warm-up, to see how long draws take.
  std::vector<double> some_row() const;

 private:
  struct State;
  bool evaluate(MarginalTarget::Worker& worker, State& state) const;
  State start(MarginalTarget::Worker& worker, std::int64_t chain) const;
  State state_of(MarginalTarget::Worker& worker, const double* row) const;
  void move(MarginalTarget::Worker& worker,
            Eigen::Index coordinate,
            Variates& random,
            State& state) const;
  void sweep(MarginalTarget::Worker& worker, Variates& random, State& state) const;

  std::shared_ptr<const MarginalPosterior> posterior_;
  DrawShape shape_;
  std::int64_t warmup_;
  std::uint64_t seed_;
  double width_of_t_;
  mutable WorkerPool<MarginalTarget::Worker> workers_;
};

}  // namespace merit
