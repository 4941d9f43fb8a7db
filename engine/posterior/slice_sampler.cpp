// SPDX-License-Identifier: MIT
#include "engine/posterior/slice_sampler.hpp"

#include <algorithm>
#include <utility>

#include "engine/error.hpp"

namespace merit {
namespace {

constexpr double kWidth = 2.5;  // of a slice to begin with, in standard deviations
constexpr int kMostSteps = 64;  // of stepping out, both ways together
constexpr int kMostStarts = 1000;
constexpr int kMostShrinks = 200;

std::int64_t stream_of(std::int64_t chain, std::int64_t t) {
  return chain << 40 | t;
}

}  // namespace

/// Where a chain is, and what is known of the place.
struct SliceSampler::State {
  Eigen::VectorXd z;  ///< P: the ladder's coordinates, t = log τ last
  Eigen::VectorXd x;
  TargetValue value;
  double height = 0.0;  ///< log density of z
};

SliceSampler::SliceSampler(std::shared_ptr<const MarginalPosterior> posterior,
                           const DrawShape& shape,
                           std::int64_t warmup,
                           std::uint64_t seed)
    : posterior_(std::move(posterior)),
      shape_(shape),
      warmup_(warmup),
      seed_(seed),
      width_of_t_(kWidth * posterior_->ladder.spread()) {}

/// Fills in all but z; false where the density is 0.
bool SliceSampler::evaluate(MarginalTarget::Worker& worker, State& state) const {
  const TauLadder& ladder = posterior_->ladder;
  const double log_factor = ladder.from_standard(state.z, state.x);
  const double t = state.x[state.x.size() - 1];
  state.value = posterior_->target->value(worker, state.x, ladder.group_modes(t));
  state.height = state.value.log_density + log_factor;
  return state.value.finite;
}

/// A draw from the ladder: between chains as different as the posterior is wide.
SliceSampler::State SliceSampler::start(MarginalTarget::Worker& worker,
                                        std::int64_t chain) const {
  Variates random(seed_, Purpose::posterior_start, chain);
  State state;
  for (int tries = 0; tries < kMostStarts; ++tries) {
    posterior_->ladder.draw(random, state.x);
    posterior_->ladder.to_standard(state.x, state.z);
    if (evaluate(worker, state)) return state;
  }
  throw DataError("the posterior has no density where it was looked for");
}

SliceSampler::State SliceSampler::state_of(MarginalTarget::Worker& worker,
                                           const double* row) const {
  State state;
  state.x = posterior_->target->from_reported(
      Eigen::Map<const Eigen::VectorXd>(row, posterior_->target->size()));
  posterior_->ladder.to_standard(state.x, state.z);
  evaluate(worker, state);
  return state;
}

/// One coordinate's slice.
void SliceSampler::move(MarginalTarget::Worker& worker,
                        Eigen::Index coordinate,
                        Variates& random,
                        State& state) const {
  const bool is_t = coordinate == state.z.size() - 1;
  const double width = is_t ? width_of_t_ : kWidth;
  const double here = state.z[coordinate];
  const double level = state.height - random.exponential();
  State trial = state;
  const auto is_in = [&](double at) {
    trial.z[coordinate] = at;
    return evaluate(worker, trial) && trial.height > level;
  };
  double low = here - width * random.uniform();
  double high = low + width;
  auto below = static_cast<int>(kMostSteps * random.uniform());
  int above = kMostSteps - 1 - below;
  while (below-- > 0 && is_in(low))
    low -= width;
  while (above-- > 0 && is_in(high))
    high += width;
  for (int shrinks = 0; shrinks < kMostShrinks; ++shrinks) {
    const double at = low + (high - low) * random.uniform();
    if (is_in(at)) {
      std::swap(state, trial);
      return;
    }
    (at < here ? low : high) = at;
  }
  // The slice is narrower than numbers can tell: the chain stays.
}

void SliceSampler::sweep(MarginalTarget::Worker& worker,
                         Variates& random,
                         State& state) const {
  const Eigen::Index P = state.z.size();
  move(worker, P - 1, random, state);
  for (Eigen::Index k = 0; k + 1 < P; ++k)
    move(worker, k, random, state);
}

void SliceSampler::advance(std::int64_t first,
                           std::int64_t count,
                           const double* before,
                           ReplicateRows& rows) const {
  const std::int64_t chain = first / shape_.draws_per_chain;
  const std::int64_t begin = chain * shape_.draws_per_chain;
  const Eigen::Index P = posterior_->target->size();
  rows.resize(count, width(), 0);
  std::fill(rows.status.begin(), rows.status.end(), std::uint8_t{0});
  workers_.with_worker(
      [&] { return posterior_->target->worker(); },
      [&](MarginalTarget::Worker& worker) {
        State state;
        if (first == begin) {
          state = start(worker, chain);
          for (std::int64_t t = 0; t < warmup_; ++t) {
            Variates random(seed_, Purpose::posterior_slices, stream_of(chain, t));
            sweep(worker, random, state);
          }
        } else {
          state = state_of(worker, before);
        }
        for (std::int64_t i = 0; i < count; ++i) {
          const std::int64_t t = warmup_ + first - begin + i;
          Variates random(seed_, Purpose::posterior_slices, stream_of(chain, t));
          sweep(worker, random, state);
          double* const row = rows.estimate.data() + i * width();
          const Eigen::VectorXd reported = posterior_->target->reported(state.x);
          std::copy_n(reported.data(), P, row);
          // On from what is stored, which differs by rounding.
          state = state_of(worker, row);
          row[P] = state.value.log_prior;
          rows.log_likelihood[static_cast<std::size_t>(i)] = state.value.log_likelihood;
          if (!shape_.with_groups) continue;
          if (!posterior_->target->draw_groups(worker, random, row + P + 1))
            throw DataError("the group intercepts could not be drawn");
        }
      });
}

std::vector<double> SliceSampler::some_row() const {
  const std::unique_ptr<MarginalTarget::Worker> worker = posterior_->target->worker();
  const Eigen::VectorXd reported = posterior_->target->reported(start(*worker, 0).x);
  std::vector<double> row(static_cast<std::size_t>(width()), 0.0);
  std::copy_n(reported.data(), reported.size(), row.begin());
  return row;
}

}  // namespace merit
