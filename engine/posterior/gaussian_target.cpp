// SPDX-License-Identifier: MIT
#include "engine/posterior/gaussian_target.hpp"

#include <algorithm>
#include <cmath>

#include "engine/model/elementary.hpp"
#include "engine/posterior/gaussian_likelihood.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log;

constexpr double kLargestLog = 200.0;    // of σ and τ, either way
constexpr double kSmallestRatio = 0.05;  // of τ to σ, to begin with
constexpr double kMargin = 0.05;         // from the ends of a range, likewise

/// 1/(1 + e^(−x)).
double logistic(double x) {
  if (x < 0.0) {
    const double e = exp(std::max(x, -700.0));
    return e / (1.0 + e);
  }
  return 1.0 / (1.0 + exp(std::max(-x, -700.0)));
}

/// A uniform prior's coordinate.
double unmap(const Prior& range, double value) {
  return log((value - range.a) / (range.b - value));
}

}  // namespace

double GaussianTarget::Coordinate::value(double y) const {
  return is_scale ? exp(y) : y + shift;
}

/// Memory of one thread, and the parameters at the last x.
class GaussianTarget::Point final : public MarginalTarget::Worker {
 public:
  AlignedVector<double>& modes() override { return none; }

  AlignedVector<double> none;
  std::vector<Mapped> mapped;
  Eigen::VectorXd beta;  ///< about the origin
  double log_sigma = 0.0, log_tau = 0.0;
  double sigma = 1.0, tau = 1.0;
};

GaussianTarget::GaussianTarget(const GroupedStats& stats,
                               const PriorSet& priors,
                               Conditioning on)
    : stats_(stats), on_(on) {
  const Eigen::Index p = stats.num_fixed();
  A_ = Eigen::MatrixXd::Identity(p + 2, p + 2);
  for (const Prior& prior : priors.coefficient)
    coordinate_.push_back({prior, false, 0.0});
  if (stats.has_intercept) {
    coordinate_.front() = {priors.intercept, false, stats.origin[p]};
    if (!priors.intercept_is_centred)
      A_.row(0).segment(1, p - 1) = stats.origin.segment(1, p - 1).transpose();
  }
  coordinate_.push_back({priors.sigma, true, 0.0});
  coordinate_.push_back({priors.tau, true, 0.0});
  if (priors.tau_is_ratio) A_(p + 1, p) = 1.0;
}

std::unique_ptr<MarginalTarget::Worker> GaussianTarget::worker() const {
  return std::make_unique<Point>();
}

GaussianTarget::Mapped GaussianTarget::map(const Coordinate& of, double x) {
  if (!of.is_bounded()) return {x, 1.0, 0.0};
  const double width = of.prior.b - of.prior.a;
  const double share = logistic(x), rest = logistic(-x);
  // From the nearer end, so that no digits are lost there.
  const double value = x < 0.0 ? of.prior.a + width * share : of.prior.b - width * rest;
  const double slope = width * share * rest;
  const double bend = slope * (rest - share);
  if (!of.is_scale) return {value - of.shift, slope, bend};
  const double relative = slope / value;
  return {log(value), relative, bend / value - relative * relative};
}

/// The parameters at x; false where they are beyond all reason, or rounding leaves none.
bool GaussianTarget::find(Point& point, const Eigen::VectorXd& x) const {
  const Eigen::Index p = stats_.num_fixed();
  point.mapped.clear();
  for (Eigen::Index k = 0; k < size(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    point.mapped.push_back(map(coordinate_[at], x[k]));
  }
  const auto y = [&](Eigen::Index k) {
    return point.mapped[static_cast<std::size_t>(k)].y;
  };
  point.beta.resize(p);
  for (Eigen::Index k = 0; k < p; ++k)
    point.beta[k] = y(k);
  for (Eigen::Index k = 1; k < p; ++k)
    point.beta[0] += A_(0, k) * point.beta[k];
  point.log_sigma = y(p);
  point.log_tau = y(p + 1) + A_(p + 1, p) * y(p);
  if (!(std::abs(point.log_sigma) < kLargestLog)) return false;
  if (!(std::abs(point.log_tau) < kLargestLog)) return false;
  point.sigma = exp(point.log_sigma);
  point.tau = exp(point.log_tau);
  return point.beta.allFinite();
}

void GaussianTarget::add_priors(const Point& point,
                                const Eigen::VectorXd& x,
                                TargetValue& value) const {
  double jacobian = 0.0;
  for (Eigen::Index k = 0; k < size(); ++k) {
    const Coordinate& of = coordinate_[static_cast<std::size_t>(k)];
    const double y = point.mapped[static_cast<std::size_t>(k)].y;
    if (of.is_bounded()) {
      value.log_prior += of.prior.log_constant;
      jacobian +=
          log(of.prior.b - of.prior.a) + log(logistic(x[k])) + log(logistic(-x[k]));
    } else if (of.is_scale) {
      value.log_prior += of.prior.log_density_at(y);
      jacobian += y;
    } else {
      value.log_prior += of.prior.log_density(of.value(y));
    }
  }
  value.log_density = value.log_likelihood + value.log_prior + jacobian;
  // The density of τ is that of the ratio over σ.
  value.log_prior -= A_(size() - 1, size() - 2) * point.log_sigma;
  value.finite = value.log_density > -1e299;
}

TargetValue GaussianTarget::value(Worker& memory,
                                  const Eigen::VectorXd& x,
                                  const AlignedVector<double>& /*modes*/) const {
  TargetValue out;
  auto& point = static_cast<Point&>(memory);
  if (!find(point, x)) return out;
  if (on_ == Conditioning::data)
    out.log_likelihood =
        gaussian_log_likelihood(stats_, point.beta, point.sigma, point.tau);
  add_priors(point, x, out);
  return out;
}

TargetValue GaussianTarget::derivatives(Worker& memory,
                                        const Eigen::VectorXd& x,
                                        Eigen::VectorXd& gradient,
                                        Eigen::MatrixXd& curvature) const {
  auto& point = static_cast<Point&>(memory);
  const TargetValue out = value(memory, x, point.none);
  if (!out.finite) return out;
  Eigen::VectorXd g = Eigen::VectorXd::Zero(size());
  Eigen::MatrixXd H = Eigen::MatrixXd::Zero(size(), size());
  if (on_ == Conditioning::data)
    gaussian_derivatives(stats_, point.beta, point.sigma, point.tau, g, H);
  gradient = A_.transpose() * g;
  curvature = A_.transpose() * H * A_;
  for (Eigen::Index k = 0; k < size(); ++k) {
    const Coordinate& of = coordinate_[static_cast<std::size_t>(k)];
    const Mapped& at = point.mapped[static_cast<std::size_t>(k)];
    if (of.is_bounded()) {
      curvature.row(k) *= at.slope;
      curvature.col(k) *= at.slope;
      const double share = logistic(x[k]), rest = logistic(-x[k]);
      curvature(k, k) += 2.0 * share * rest - at.bend * gradient[k];
      gradient[k] = at.slope * gradient[k] + rest - share;
    } else if (of.is_scale) {
      gradient[k] += of.prior.tangent(at.y).slope + 1.0;
      curvature(k, k) += of.prior.curvature_in_log(at.y);
    } else {
      gradient[k] += of.prior.slope(of.value(at.y));
      curvature(k, k) += of.prior.curvature(of.value(at.y));
    }
  }
  return out;
}

bool GaussianTarget::draw_groups(Worker& memory, Variates& random, double* u) const {
  const auto& point = static_cast<const Point&>(memory);
  const Eigen::Index p = stats_.num_fixed();
  const double lambda = (point.tau / point.sigma) * (point.tau / point.sigma);
  for (Eigen::Index j = 0; j < num_groups(); ++j) {
    if (on_ == Conditioning::nothing) {
      u[j] = point.tau * random.normal();
      continue;
    }
    const double shrink = lambda / (1.0 + stats_.size[j] * lambda);
    const double residual =
        stats_.mean(p, j) - stats_.mean.col(j).head(p).dot(point.beta);
    u[j] = shrink * stats_.size[j] * residual +
           point.sigma * std::sqrt(shrink) * random.normal();
  }
  return true;
}

Eigen::VectorXd GaussianTarget::reported(const Eigen::VectorXd& x) const {
  const Eigen::Index p = stats_.num_fixed();
  Eigen::VectorXd out(p + 2);
  Point point;
  if (!find(point, x)) return Eigen::VectorXd::Zero(p + 2);
  out.head(p) = point.beta;
  if (stats_.has_intercept)
    out[0] +=
        stats_.origin[p] - stats_.origin.segment(1, p - 1).dot(point.beta.tail(p - 1));
  out[p] = point.tau;
  out[p + 1] = point.sigma;
  return out;
}

/// y of the parameters as reported.
Eigen::VectorXd GaussianTarget::coordinates(const Eigen::VectorXd& values) const {
  const Eigen::Index p = stats_.num_fixed();
  Eigen::VectorXd y = values;
  if (stats_.has_intercept) {
    y[0] +=
        stats_.origin.segment(1, p - 1).dot(values.segment(1, p - 1)) - stats_.origin[p];
    for (Eigen::Index k = 1; k < p; ++k)
      y[0] -= A_(0, k) * values[k];
  }
  y[p] = log(values[p + 1]);
  y[p + 1] = log(values[p]) - A_(p + 1, p) * y[p];
  return y;
}

Eigen::VectorXd GaussianTarget::from_reported(const Eigen::VectorXd& values) const {
  Eigen::VectorXd x = coordinates(values);
  for (Eigen::Index k = 0; k < size(); ++k) {
    const Coordinate& of = coordinate_[static_cast<std::size_t>(k)];
    if (of.is_bounded()) x[k] = unmap(of.prior, of.value(x[k]));
  }
  return x;
}

Eigen::VectorXd GaussianTarget::start(Eigen::VectorXd values) const {
  const Eigen::Index p = stats_.num_fixed();
  values[p] = std::max(values[p], kSmallestRatio * values[p + 1]);
  Eigen::VectorXd x = coordinates(values);
  for (Eigen::Index k = 0; k < size(); ++k) {
    const Coordinate& of = coordinate_[static_cast<std::size_t>(k)];
    if (!of.is_bounded()) continue;
    const double margin = kMargin * (of.prior.b - of.prior.a);
    x[k] = unmap(of.prior,
                 std::clamp(of.value(x[k]), of.prior.a + margin, of.prior.b - margin));
  }
  return x;
}

}  // namespace merit
