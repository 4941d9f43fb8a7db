// SPDX-License-Identifier: MIT
#include "engine/posterior/independence_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "engine/model/elementary.hpp"
#include "engine/posterior/pareto.hpp"

namespace merit {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr std::int64_t kPilot = 500;
constexpr ProposalWidth kWidths[] = {{12.0, 1.0}, {5.0, 1.2}, {3.0, 1.6}, {3.0, 3.0}};

/// The number of a proposal's stream.
std::int64_t stream_of(std::int64_t chain, std::int64_t t) {
  return chain << 40 | t;
}

}  // namespace

IndependenceSampler::IndependenceSampler(
    std::shared_ptr<const MarginalPosterior> posterior,
    const DrawShape& shape,
    std::int64_t warmup,
    std::uint64_t seed)
    : posterior_(std::move(posterior)),
      ladder_(posterior_->ladder),
      shape_(shape),
      warmup_(warmup),
      seed_(seed) {
  choose_proposal();
}

void IndependenceSampler::propose_one(MarginalTarget::Worker& worker,
                                      std::uint64_t seed,
                                      Purpose purpose,
                                      std::int64_t number,
                                      bool with_groups,
                                      double* values,
                                      double& log_likelihood) const {
  Variates random(seed, purpose, number);
  Eigen::VectorXd x;
  ladder_.draw(random, x);
  const TargetValue at =
      posterior_->target->value(worker, x, ladder_.group_modes(x[x.size() - 1]));
  const Eigen::VectorXd reported = posterior_->target->reported(x);
  std::copy_n(reported.data(), reported.size(), values);
  values[reported.size()] = at.log_prior;
  double* const u = values + reported.size() + 1;
  const bool there =
      at.finite && (!with_groups || posterior_->target->draw_groups(worker, random, u));
  if (with_groups && !there) std::fill(u, values + width(), 0.0);
  values[width()] = there ? at.log_density - ladder_.log_density(x) : kNever;
  log_likelihood = at.log_likelihood;
}

void IndependenceSampler::propose(std::int64_t first,
                                  std::int64_t count,
                                  ReplicateRows& rows) const {
  std::int64_t starts = 0;
  for (std::int64_t row = first; row < first + count; ++row)
    starts += row % shape_.draws_per_chain == 0 ? 1 : 0;
  rows.resize(count + starts * warmup_, width() + 1, 0);
  std::fill(rows.status.begin(), rows.status.end(), std::uint8_t{0});
  workers_.with_worker([&] { return posterior_->target->worker(); },
                       [&](MarginalTarget::Worker& worker) {
                         std::int64_t at = 0;
                         const auto make = [&](std::int64_t chain, std::int64_t t) {
                           propose_one(worker,
                                       seed_,
                                       Purpose::posterior_draws,
                                       stream_of(chain, t),
                                       shape_.with_groups,
                                       rows.estimate.data() + at * (width() + 1),
                                       rows.log_likelihood[static_cast<std::size_t>(at)]);
                           ++at;
                         };
                         for (std::int64_t row = first; row < first + count; ++row) {
                           const std::int64_t chain = row / shape_.draws_per_chain;
                           const std::int64_t draw = row % shape_.draws_per_chain;
                           for (std::int64_t t = 0; draw == 0 && t < warmup_; ++t)
                             make(chain, t);
                           make(chain, warmup_ + draw);
                         }
                       });
}

/// Takes the first proposal whose weights in a fixed pilot have a light tail, or the best.
void IndependenceSampler::choose_proposal() {
  std::optional<Pilot> best;
  for (const ProposalWidth width : kWidths) {
    ladder_.widen(width.degrees, width.factor);
    const Pilot pilot = run_pilot();
    if (best && !(pilot.pareto_k < best->pareto_k)) continue;
    best = pilot;
    width_ = width;
    if (is_good(pilot)) break;
  }
  pilot_ = *best;
  ladder_.widen(width_.degrees, width_.factor);
}

IndependenceSampler::Pilot IndependenceSampler::run_pilot() const {
  const std::unique_ptr<MarginalTarget::Worker> worker = posterior_->target->worker();
  std::vector<double> row(static_cast<std::size_t>(width() + 1)), alive;
  double log_likelihood = 0.0;
  for (std::int64_t number = 0; number < kPilot; ++number) {
    propose_one(
        *worker, 0, Purpose::posterior_pilot, number, false, row.data(), log_likelihood);
    if (row.back() != kNever) alive.push_back(row.back());
  }
  const bool enough = std::ssize(alive) > kPilot / 2;
  Pilot pilot;
  pilot.pareto_k =
      enough ? merit::pareto_k(alive) : std::numeric_limits<double>::infinity();
  // What a chain in equilibrium would accept: Σ_ij min(w_i, w_j)/Σ_ij w_i.
  std::sort(alive.begin(), alive.end());
  double sum = 0.0, accepted = 0.0;
  for (std::size_t i = 0; i < alive.size(); ++i) {
    const double w = elementary::exp(std::max(alive[i] - alive.back(), -700.0));
    accepted += w * static_cast<double>(2 * (alive.size() - 1 - i) + 1);
    sum += w;
  }
  pilot.acceptance = sum > 0.0 ? accepted / (sum * static_cast<double>(kPilot)) : 0.0;
  return pilot;
}

ChainScan::ChainScan(const IndependenceSampler& sampler, std::vector<std::int8_t> status)
    : sampler_(&sampler),
      status_(std::move(status)),
      current_(static_cast<std::size_t>(sampler.width() + 1), 0.0) {
  status_.resize(static_cast<std::size_t>(sampler.shape().num_draws()), -1);
  current_.back() = kNever;
}

bool ChainScan::step(std::int64_t chain,
                     std::int64_t t,
                     const double* values,
                     double log_likelihood) {
  const double weight = values[sampler_->width()];
  Variates random(sampler_->seed_, Purpose::posterior_accept, stream_of(chain, t));
  const bool first = current_.back() == kNever;
  if (!first && !(elementary::log(random.uniform()) < weight - current_.back()))
    return false;
  std::copy_n(values, sampler_->width() + 1, current_.begin());
  log_likelihood_ = log_likelihood;
  return true;
}

/// The state before a row whose predecessors are stored: the last proposal of the chain that
/// was accepted, made again.
void ChainScan::recover(std::int64_t row) {
  const std::int64_t N = sampler_->shape().draws_per_chain;
  const std::int64_t chain = row / N, begin = chain * N;
  current_.back() = kNever;
  if (row == begin) return;
  const std::unique_ptr<MarginalTarget::Worker> worker =
      sampler_->posterior_->target->worker();
  std::vector<double> values(current_.size());
  double log_likelihood = 0.0;
  const auto again = [&](std::int64_t t) {
    sampler_->propose_one(*worker,
                          sampler_->seed_,
                          Purpose::posterior_draws,
                          stream_of(chain, t),
                          sampler_->shape_.with_groups,
                          values.data(),
                          log_likelihood);
  };
  std::int64_t last = row - 1;
  while (last >= begin && status_[static_cast<std::size_t>(last)] != 0)
    --last;
  if (last >= begin) {
    again(sampler_->warmup() + last - begin);
    current_ = values;
    log_likelihood_ = log_likelihood;
    return;
  }
  for (std::int64_t t = 0; t < sampler_->warmup(); ++t) {
    again(t);
    step(chain, t, values.data(), log_likelihood);
  }
}

void ChainScan::accept(std::int64_t first,
                       std::int64_t count,
                       const ReplicateRows& proposals,
                       ReplicateRows& draws) {
  const std::int64_t N = sampler_->shape().draws_per_chain;
  const std::int64_t width = sampler_->width();
  if (!known_ || next_ != first) recover(first);
  draws.resize(count, width, 0);
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = first + i, chain = row / N;
    const auto take = [&](std::int64_t t) {
      const bool moved = step(chain,
                              t,
                              proposals.estimate.data() + at * (width + 1),
                              proposals.log_likelihood[static_cast<std::size_t>(at)]);
      ++at;
      return moved;
    };
    if (row % N == 0) {
      current_.back() = kNever;
      for (std::int64_t t = 0; t < sampler_->warmup(); ++t)
        take(t);
    }
    const bool moved = take(sampler_->warmup() + row % N);
    std::copy_n(current_.begin(), width, draws.estimate.begin() + i * width);
    draws.log_likelihood[static_cast<std::size_t>(i)] = log_likelihood_;
    draws.status[static_cast<std::size_t>(i)] = moved ? 0 : 1;
    status_[static_cast<std::size_t>(row)] = moved ? 0 : 1;
  }
  next_ = first + count;
  known_ = true;
}

}  // namespace merit
