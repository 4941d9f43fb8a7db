// SPDX-License-Identifier: MIT
#include "engine/posterior/tau_ladder.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/elementary.hpp"
#include "engine/posterior/log_gamma.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log;
using elementary::log1p;

constexpr double kFirstStep = 0.5;
constexpr double kDeep = 14.0;     // rungs go down to here below the top
constexpr double kFarBelow = 3.0;  // and may end here where there is no mode
constexpr double kLooksAt = 9.0;   // and are fine-tuned down to here
constexpr double kOff = 0.02;      // of a straight line between neighbours
constexpr double kLeastGap = 1e-4;
constexpr double kLargestLevel = 1e13;  // where differences of 0.01 can still be told
constexpr int kMostRungs = 160;
constexpr int kMostSteps = 120;   // of coarse ones, either way
constexpr double kThere = 1e-10;  // squared step in standard errors
constexpr double kNear = 1e-2;
constexpr double kHeavier = 0.9;  // of the tails' slopes

/// log ∫₀^w e^(a + s x) dx.
double log_segment(double a, double slope, double width) {
  const double z = slope * width;
  if (std::abs(z) < 1e-8) return a + log(width) + 0.5 * z;
  if (z > 0.0) return a + z + log((1.0 - exp(std::max(-z, -700.0))) / slope);
  return a + log((1.0 - exp(std::max(z, -700.0))) / -slope);
}

}  // namespace

TauLadder::TauLadder(const MarginalTarget& target, const Eigen::VectorXd& start) {
  build(target, start);
  normalise();
}

/// A rung at x, where `chol` factorises the curvature in the other parameters.
TauLadder::Rung TauLadder::rung_of(MarginalTarget::Worker& worker,
                                   const Eigen::VectorXd& x,
                                   const TargetValue& at,
                                   const Eigen::LLT<Eigen::MatrixXd>& chol) {
  const Eigen::Index d = x.size() - 1;
  // A lower root of H⁻¹ keeps its place between rungs; the inverse factor is an upper one.
  const Eigen::MatrixXd covariance = chol.solve(Eigen::MatrixXd::Identity(d, d));
  Rung rung;
  rung.t = x[d];
  rung.mode = x.head(d);
  rung.factor = covariance.llt().matrixL();
  double log_det = 0.0;
  for (Eigen::Index k = 0; k < d; ++k)
    log_det += 2.0 * log(rung.factor(k, k));
  rung.level = at.log_density + 0.5 * log_det;
  rung.group_modes = worker.modes();
  return rung;
}

/// Newton's method over the other parameters at log τ = t.
std::optional<TauLadder::Rung> TauLadder::climb(const MarginalTarget& target,
                                                MarginalTarget::Worker& worker,
                                                double t,
                                                const Rung* from,
                                                const Eigen::VectorXd& start) const {
  const Eigen::Index d = target.size() - 1;
  Eigen::VectorXd x = start;
  if (from != nullptr) {
    x.head(d) = from->mode;
    worker.modes() = from->group_modes;
  }
  x[d] = t;
  Eigen::VectorXd gradient, step(d), trial = x;
  Eigen::MatrixXd curvature;
  TargetValue at = target.derivatives(worker, x, gradient, curvature);
  // None where the posterior is narrower than numbers can tell.
  const auto sound = [](Rung rung) {
    return std::abs(rung.level) < kLargestLevel ? std::optional(std::move(rung))
                                                : std::nullopt;
  };
  Eigen::LLT<Eigen::MatrixXd> chol;
  for (int iteration = 0; at.finite && iteration < 200; ++iteration) {
    Eigen::MatrixXd H = curvature.topLeftCorner(d, d);
    double ridge = 0.0;
    for (chol.compute(H); chol.info() != Eigen::Success && ridge < 1e6; chol.compute(H)) {
      ridge = ridge == 0.0 ? 1e-3 : 4.0 * ridge;
      H = curvature.topLeftCorner(d, d);
      H.diagonal() += ridge * (H.diagonal().cwiseAbs() + Eigen::VectorXd::Ones(d));
    }
    if (chol.info() != Eigen::Success) break;
    step = chol.solve(gradient.head(d));
    const double squared = step.dot(gradient.head(d));
    if (squared < kThere) return sound(rung_of(worker, x, at, chol));
    bool up = false;
    for (int halving = 0; halving < 40 && !up; ++halving, step *= 0.5) {
      trial.head(d) = x.head(d) + step;
      trial[d] = t;
      Eigen::VectorXd new_gradient;
      Eigen::MatrixXd new_curvature;
      const TargetValue there =
          target.derivatives(worker, trial, new_gradient, new_curvature);
      const double rounding = 1e-12 * (1.0 + std::abs(at.log_density));
      up = there.finite && there.log_density >= at.log_density - rounding;
      if (!up) continue;
      x = trial;
      at = there;
      gradient = new_gradient;
      curvature = new_curvature;
    }
    if (up) continue;
    // Rough quadrature, at large τ: near the mode is good enough for a proposal.
    if (squared > kNear) break;
    at = target.derivatives(worker, x, gradient, curvature);
    return sound(rung_of(worker, x, at, chol));
  }
  return std::nullopt;
}

namespace {

[[noreturn]] void fail_at(double t) {
  throw DataError(fmt::format(
      "no mode of the posterior was found at sd__(Intercept) = {:.3g}: it may be "
      "improper "
      "(separation under flat priors); give coefficients proper priors, e.g. --prior "
      "'b~normal(0, 2.5)'",
      exp(t)));
}

}  // namespace

void TauLadder::build(const MarginalTarget& target, const Eigen::VectorXd& start) {
  const std::unique_ptr<MarginalTarget::Worker> worker = target.worker();
  const Eigen::Index d = target.size() - 1;
  std::optional<Rung> first = climb(target, *worker, start[d], nullptr, start);
  if (!first) fail_at(start[d]);
  rungs_.push_back(std::move(*first));
  const auto top = [&] {
    double level = rungs_.front().level;
    for (const Rung& rung : rungs_)
      level = std::max(level, rung.level);
    return level;
  };
  // Upwards, then downwards. Where few quadrature points leave no mode to be found, far below
  // the top, the ladder ends, and its last slope goes on.
  for (const bool upwards : {true, false}) {
    const auto end = [&]() -> const Rung& {
      return upwards ? rungs_.back() : rungs_.front();
    };
    for (int step = 0; end().level > top() - kDeep; ++step) {
      if (step == kMostSteps) {
        throw DataError(fmt::format(
            "the posterior of sd__(Intercept) does not fall off {}: it is improper, or "
            "nearly; give it a proper prior, e.g. --prior 'sd~half_t(3, 2.5)'",
            upwards ? "upwards" : "towards 0"));
      }
      const double t = end().t + (upwards ? kFirstStep : -kFirstStep);
      std::optional<Rung> next = climb(target, *worker, t, &end(), start);
      if (!next && end().level < top() - kFarBelow) break;
      if (!next) fail_at(t);
      rungs_.insert(upwards ? rungs_.end() : rungs_.begin(), std::move(*next));
    }
  }
  // Between two rungs, then between those that are new.
  std::vector<bool> straight(rungs_.size() - 1, false);
  while (std::ssize(rungs_) < kMostRungs) {
    const double floor = top() - kLooksAt;
    std::optional<std::size_t> at;
    for (std::size_t i = 0; i < straight.size() && !at; ++i) {
      const bool matters = std::max(rungs_[i].level, rungs_[i + 1].level) > floor;
      if (!straight[i] && matters && rungs_[i + 1].t - rungs_[i].t > kLeastGap) at = i;
    }
    if (!at) return;
    const double middle = 0.5 * (rungs_[*at].t + rungs_[*at + 1].t);
    std::optional<Rung> rung = climb(target, *worker, middle, &rungs_[*at], start);
    if (!rung) {
      straight[*at] = true;
      continue;
    }
    const double line = 0.5 * (rungs_[*at].level + rungs_[*at + 1].level);
    const bool close = std::abs(rung->level - line) < kOff;
    const auto next = static_cast<std::ptrdiff_t>(*at) + 1;
    rungs_.insert(rungs_.begin() + next, std::move(*rung));
    straight.insert(straight.begin() + next, close);
    straight[*at] = close;
  }
}

void TauLadder::normalise() {
  const std::size_t n = rungs_.size();
  const auto slope = [&](std::size_t i) {
    return (rungs_[i + 1].level - rungs_[i].level) / (rungs_[i + 1].t - rungs_[i].t);
  };
  left_slope_ = kHeavier * std::max(slope(0), 1e-3);
  right_slope_ = kHeavier * std::min(slope(n - 2), -1e-3);
  std::vector<double> masses = {rungs_.front().level - log(left_slope_)};
  for (std::size_t i = 0; i + 1 < n; ++i)
    masses.push_back(
        log_segment(rungs_[i].level, slope(i), rungs_[i + 1].t - rungs_[i].t));
  masses.push_back(rungs_.back().level - log(-right_slope_));
  const double top = *std::max_element(masses.begin(), masses.end());
  double sum = 0.0;
  for (const double mass : masses) {
    sum += exp(std::max(mass - top, -700.0));
    cumulative_.push_back(sum);
  }
  for (double& value : cumulative_)
    value /= sum;
  log_total_ = top + log(sum);
}

TauLadder::Place TauLadder::place(double t) const {
  const auto above = std::upper_bound(
      rungs_.begin(), rungs_.end(), t, [](double value, const Rung& rung) {
        return value < rung.t;
      });
  if (above == rungs_.begin()) return {0, 0.0};
  if (above == rungs_.end()) return {rungs_.size() - 2, 1.0};
  const auto rung = static_cast<std::size_t>(above - rungs_.begin()) - 1;
  return {rung, (t - rungs_[rung].t) / (rungs_[rung + 1].t - rungs_[rung].t)};
}

const TauLadder::Rung& TauLadder::nearest(double t) const {
  const Place at = place(t);
  return rungs_[at.weight > 0.5 ? at.rung + 1 : at.rung];
}

void TauLadder::draw(Variates& random, Eigen::VectorXd& x) const {
  const Eigen::Index d = rungs_.front().mode.size();
  const double pick = random.uniform();
  const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), pick);
  const auto index =
      std::min<std::ptrdiff_t>(found - cumulative_.begin(), std::ssize(cumulative_) - 1);
  const double u = random.uniform();
  double t = 0.0;
  if (index == 0) {
    t = rungs_.front().t + log(u) / left_slope_;
  } else if (index == std::ssize(cumulative_) - 1) {
    t = rungs_.back().t + log(u) / right_slope_;
  } else {
    const Rung& low = rungs_[static_cast<std::size_t>(index) - 1];
    const Rung& high = rungs_[static_cast<std::size_t>(index)];
    const double width = high.t - low.t;
    const double slope = (high.level - low.level) / width;
    const double z = slope * width;
    if (std::abs(z) < 1e-8) {
      t = low.t + u * width;
    } else if (z < 0.0) {
      t = low.t + log(1.0 - u * (1.0 - exp(std::max(z, -700.0)))) / slope;
    } else {
      t = high.t + log(1.0 - u * (1.0 - exp(std::max(-z, -700.0)))) / slope;
    }
    t = std::clamp(t, low.t, high.t);
  }
  Eigen::VectorXd z(d);
  for (Eigen::Index k = 0; k < d; ++k)
    z[k] = random.normal();
  z *= width_ * std::sqrt(0.5 * degrees_ / random.gamma(0.5 * degrees_));
  const Place at = place(t);
  const Rung& low = rungs_[at.rung];
  const Rung& high = rungs_[at.rung + 1];
  x.resize(d + 1);
  x.head(d) =
      (1.0 - at.weight) * (low.mode + low.factor.triangularView<Eigen::Lower>() * z) +
      at.weight * (high.mode + high.factor.triangularView<Eigen::Lower>() * z);
  x[d] = t;
}

TauLadder::Local TauLadder::local(double t) const {
  const Place at = place(t);
  const Rung& low = rungs_[at.rung];
  const Rung& high = rungs_[at.rung + 1];
  return {(1.0 - at.weight) * low.mode + at.weight * high.mode,
          (1.0 - at.weight) * low.factor + at.weight * high.factor};
}

void TauLadder::to_standard(const Eigen::VectorXd& x, Eigen::VectorXd& z) const {
  const Eigen::Index d = x.size() - 1;
  const Local at = local(x[d]);
  z.resize(d + 1);
  z.head(d) = at.factor.triangularView<Eigen::Lower>().solve(x.head(d) - at.mode);
  z[d] = x[d];
}

double TauLadder::from_standard(const Eigen::VectorXd& z, Eigen::VectorXd& x) const {
  const Eigen::Index d = z.size() - 1;
  const Local at = local(z[d]);
  x.resize(d + 1);
  x.head(d) = at.mode + at.factor.triangularView<Eigen::Lower>() * z.head(d);
  x[d] = z[d];
  double log_det = 0.0;
  for (Eigen::Index k = 0; k < d; ++k)
    log_det += log(at.factor(k, k));
  return log_det;
}

double TauLadder::spread() const {
  // Segments at their middles, tails at the ends.
  double mean = 0.0, square = 0.0, before = 0.0;
  for (std::size_t i = 0; i < cumulative_.size(); ++i) {
    const double mass = cumulative_[i] - before;
    before = cumulative_[i];
    const double low = rungs_[i == 0 ? 0 : i - 1].t;
    const double high = rungs_[std::min(i, rungs_.size() - 1)].t;
    const double t = 0.5 * (low + high);
    mean += mass * t;
    square += mass * t * t;
  }
  return std::sqrt(std::max(square - mean * mean, 1e-4));
}

double TauLadder::log_density(const Eigen::VectorXd& x) const {
  const Eigen::Index d = x.size() - 1;
  const double t = x[d];
  double level = 0.0;
  const Place at = place(t);
  const Rung& low = rungs_[at.rung];
  const Rung& high = rungs_[at.rung + 1];
  if (t < rungs_.front().t) {
    level = rungs_.front().level + left_slope_ * (t - rungs_.front().t);
  } else if (t > rungs_.back().t) {
    level = rungs_.back().level + right_slope_ * (t - rungs_.back().t);
  } else {
    level = low.level + at.weight * (high.level - low.level);
  }
  const Local there = local(t);
  const Eigen::VectorXd z =
      there.factor.triangularView<Eigen::Lower>().solve(x.head(d) - there.mode) / width_;
  double log_det = 0.0;
  for (Eigen::Index k = 0; k < d; ++k)
    log_det += log(width_ * there.factor(k, k));
  const auto dimension = static_cast<double>(d);
  const double log_t = log_gamma(0.5 * (degrees_ + dimension)) -
                       log_gamma(0.5 * degrees_) -
                       0.5 * dimension * log(degrees_ * std::numbers::pi) -
                       0.5 * (degrees_ + dimension) * log1p(z.squaredNorm() / degrees_);
  return level - log_total_ + log_t - log_det;
}

}  // namespace merit
