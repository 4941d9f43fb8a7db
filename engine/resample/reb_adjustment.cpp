// SPDX-License-Identifier: MIT
#include "engine/resample/reb_adjustment.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include "engine/model/elementary.hpp"
#include "engine/resample/replicate_rows.hpp"

namespace merit {
namespace {

/// (log τ̂*², log σ̂*²), the row's last two estimates.
Eigen::Vector2d log_variances(std::span<const double> row) {
  return {2.0 * elementary::log(row[row.size() - 2]), 2.0 * elementary::log(row.back())};
}

bool has_log_variances(std::span<const double> row) {
  return row[row.size() - 2] > 0.0 && row.back() > 0.0;
}

template <typename Use>
void for_each_estimate(const ReadReplicates& read, std::size_t width, const Use& use) {
  read([&](auto, std::span<const double> estimates, auto, auto status) {
    for (std::size_t row = 0; row < status.size(); ++row)
      if (has_estimate(status[row])) use(estimates.subspan(row * width, width));
  });
}

/// D C^(−1/2), or 1 where C has no inverse.
Eigen::Matrix2d uncorrelating(const Eigen::Matrix2d& covariance) {
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> eigen(covariance);
  constexpr double kSingular = 1e-12;
  if (!(eigen.eigenvalues()[0] > kSingular * eigen.eigenvalues()[1]))
    return Eigen::Matrix2d::Identity();
  return covariance.diagonal().cwiseSqrt().asDiagonal() * eigen.operatorInverseSqrt();
}

}  // namespace

RebAdjustment::RebAdjustment(std::span<const double> original,
                             const ReadReplicates& read) {
  const std::size_t width = original.size();
  const auto p = static_cast<Eigen::Index>(width) - 2;
  const Eigen::Map<const Eigen::VectorXd> beta(original.data(), p);

  Eigen::VectorXd sum = Eigen::VectorXd::Zero(p);  // of β̂* − β̂
  Eigen::Vector2d log_sum = Eigen::Vector2d::Zero();
  std::int64_t count = 0, log_count = 0;
  for_each_estimate(read, width, [&](std::span<const double> row) {
    sum += Eigen::Map<const Eigen::VectorXd>(row.data(), p) - beta;
    ++count;
    if (!has_log_variances(row)) return;
    log_sum += log_variances(row);
    ++log_count;
  });
  shift_ = count > 0 ? Eigen::VectorXd(-sum / static_cast<double>(count)) : sum;
  mean_ = log_sum / static_cast<double>(log_count);

  Eigen::Matrix2d cross = Eigen::Matrix2d::Zero();
  for_each_estimate(read, width, [&](std::span<const double> row) {
    if (!has_log_variances(row)) return;
    const Eigen::Vector2d off = log_variances(row) - mean_;
    cross += off * off.transpose();
  });
  uncorrelate_ = log_count > 2 ? uncorrelating(cross / static_cast<double>(log_count - 1))
                               : Eigen::Matrix2d::Identity();

  log_scale_.setZero();
  Eigen::Vector2d variance_sum = Eigen::Vector2d::Zero();
  for_each_estimate(read, width, [&](std::span<const double> row) {
    if (!has_log_variances(row)) return;
    const Eigen::Vector2d l = mean_ + uncorrelate_ * (log_variances(row) - mean_);
    variance_sum += Eigen::Vector2d(elementary::exp(l[0]), elementary::exp(l[1]));
  });
  for (const Eigen::Index k : {0, 1}) {
    const double estimate = original[static_cast<std::size_t>(p + k)];
    log_scale_[k] = 2.0 * elementary::log(estimate) -
                    elementary::log(variance_sum[k] / static_cast<double>(log_count));
  }
}

void RebAdjustment::operator()(std::span<double> row) const {
  for (std::size_t k = 0; k + 2 < row.size(); ++k)
    row[k] += shift_[static_cast<Eigen::Index>(k)];
  Eigen::Vector2d sd =
      Eigen::Vector2d::Constant(std::numeric_limits<double>::quiet_NaN());
  if (has_log_variances(row)) {
    const Eigen::Vector2d l =
        mean_ + uncorrelate_ * (log_variances(row) - mean_) + log_scale_;
    sd = {elementary::exp(0.5 * l[0]), elementary::exp(0.5 * l[1])};
  }
  row[row.size() - 2] = sd[0];
  row[row.size() - 1] = sd[1];
}

}  // namespace merit
