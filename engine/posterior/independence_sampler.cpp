// SPDX-License-Identifier: MIT
#include "engine/posterior/independence_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/elementary.hpp"
#include "engine/posterior/pareto.hpp"

namespace merit {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr std::int64_t kPilot = 500;
constexpr double kWorstK = 0.7;
constexpr ProposalWidth kWidths[] = {{12.0, 1.0}, {5.0, 1.2}, {3.0, 1.6}, {3.0, 3.0}};
constexpr double kSmallestTau = 0.05;  // to begin the ladder with

/// The number of a proposal's stream.
std::int64_t stream_of(std::int64_t chain, std::int64_t t) {
  return chain << 40 | t;
}

/// Where the ladder begins: the fit, with estimates that ran away taken back.
Eigen::VectorXd start_of(const GlmmModel& model, const Eigen::VectorXd& psi) {
  Eigen::VectorXd x = psi;
  const Eigen::Index last = model.num_parameters() - 1;
  if (!x.allFinite() || x.head(last).cwiseAbs().maxCoeff() > 30.0) x.head(last).setZero();
  const double tau = std::isfinite(psi[last]) ? std::abs(psi[last]) : 1.0;
  x[last] = elementary::log(std::clamp(tau, kSmallestTau, 20.0));
  return x;
}

}  // namespace

IndependenceSampler::IndependenceSampler(std::shared_ptr<const GlmmModel> model,
                                         const PriorSet& priors,
                                         int num_nodes,
                                         const Eigen::VectorXd& start,
                                         const DrawShape& shape,
                                         std::int64_t warmup,
                                         std::uint64_t seed)
    : model_(std::move(model)),
      target_(*model_, priors, num_nodes),
      ladder_(target_, start_of(*model_, start)),
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
  const TargetValue at = target_.value(worker, x, ladder_.group_modes(x[x.size() - 1]));
  const Eigen::VectorXd reported = target_.reported(x);
  std::copy_n(reported.data(), reported.size(), values);
  values[reported.size()] = at.log_prior;
  double* const u = values + reported.size() + 1;
  const bool there =
      at.finite && (!with_groups || target_.draw_groups(worker, random, u));
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
  workers_.with_worker([&] { return target_.worker(); },
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

/// Takes the first proposal whose weights in a fixed pilot have a light tail.
void IndependenceSampler::choose_proposal() {
  double best = std::numeric_limits<double>::infinity();
  for (const ProposalWidth width : kWidths) {
    ladder_.widen(width.degrees, width.factor);
    width_ = width;
    run_pilot();
    if (pareto_k_ < kWorstK) return;
    best = std::min(best, pareto_k_);
  }
  throw DataError(fmt::format(
      "no proposal fits this posterior (Pareto k of the best one's weights {:.2f}, to be "
      "below {}): its tails are too heavy for this sampler; give tighter priors, e.g. "
      "--prior 'b~normal(0, 2.5)'",
      best,
      kWorstK));
}

void IndependenceSampler::run_pilot() {
  const std::unique_ptr<MarginalTarget::Worker> worker = target_.worker();
  std::vector<double> row(static_cast<std::size_t>(width() + 1)), alive;
  double log_likelihood = 0.0;
  for (std::int64_t number = 0; number < kPilot; ++number) {
    propose_one(
        *worker, 0, Purpose::posterior_pilot, number, false, row.data(), log_likelihood);
    if (row.back() != kNever) alive.push_back(row.back());
  }
  const bool enough = std::ssize(alive) > kPilot / 2;
  pareto_k_ = enough ? merit::pareto_k(alive) : std::numeric_limits<double>::infinity();
  // What a chain in equilibrium would accept: Σ_ij min(w_i, w_j)/Σ_ij w_i.
  std::sort(alive.begin(), alive.end());
  double sum = 0.0, accepted = 0.0;
  for (std::size_t i = 0; i < alive.size(); ++i) {
    const double w = elementary::exp(std::max(alive[i] - alive.back(), -700.0));
    accepted += w * static_cast<double>(2 * (alive.size() - 1 - i) + 1);
    sum += w;
  }
  acceptance_ = sum > 0.0 ? accepted / (sum * static_cast<double>(kPilot)) : 0.0;
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
  const std::unique_ptr<MarginalTarget::Worker> worker = sampler_->target_.worker();
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

std::string improper_reason(const GlmmModel& model, const PriorSet& priors) {
  const PackedRows& rows = model.rows;
  const Eigen::Index p = rows.num_fixed;
  std::vector<bool> within(static_cast<std::size_t>(p), false);
  std::int64_t informative = 0;
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    double events = 0.0, trials = 0.0, low = 1e300, high = -1e300;
    const std::int64_t first = rows.first_row(j);
    const std::int64_t end = first + rows.size[static_cast<std::size_t>(j)];
    for (std::int64_t row = first; row < end; ++row) {
      const double y = rows.y[row];
      events += y;
      trials += rows.trials_of(row);
      low = std::min(low, y);
      high = std::max(high, y);
      for (Eigen::Index k = 0; k < p; ++k) {
        if (rows.x_of(row, k) != rows.x_of(first, k)) {
          within[static_cast<std::size_t>(k)] = true;
        }
      }
    }
    const Family family = model.family.family;
    const bool differs = family == Family::binomial  ? events > 0.0 && events < trials
                         : family == Family::ordinal ? low < high
                                                     : events > 0.0;
    informative += differs ? 1 : 0;
  }
  if (priors.tau.is_proper()) return "";
  std::int64_t flat_columns = 0;
  const bool ordinal = model.family.has_thresholds();
  for (Eigen::Index k = 0; k < p; ++k) {
    const bool intercept = !ordinal && model.has_intercept && k == 0;
    const Prior& prior =
        intercept ? priors.intercept : priors.coefficient[static_cast<std::size_t>(k)];
    if (!within[static_cast<std::size_t>(k)] && !prior.is_proper()) ++flat_columns;
  }
  if (ordinal && !priors.threshold.front().is_proper()) ++flat_columns;
  const std::int64_t left = informative - flat_columns;
  const std::int64_t needed = priors.tau.kind == PriorKind::flat_variance ? 3 : 2;
  if (left >= needed) return "";
  return fmt::format(
      "the posterior is improper: {} groups with responses that differ, less {} flat "
      "coefficients between groups, are too few for a flat prior of sd__(Intercept); "
      "give it "
      "a proper one, e.g. --prior 'sd~half_t(3, 2.5)'",
      informative,
      flat_columns);
}

}  // namespace merit
