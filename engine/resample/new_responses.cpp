// SPDX-License-Identifier: MIT
#include "engine/resample/new_responses.hpp"

#include <numeric>
#include <utility>

#include "engine/fit/profile.hpp"
#include "engine/model/group_moments.hpp"

namespace merit {

NewResponses::NewResponses(const GroupedStats& stats,
                           const GroupRows& rows,
                           const FitResult& fit,
                           const SchemeOptions& options)
    : options_(options),
      kernel_(grouped_kernels(options.simd).fit),
      arrays_(stats, fit, options.criterion),
      first_(rows.first),
      size_(stats.size),
      packed_(packed_lower(stats.within)) {
  const Eigen::Index p = stats.num_fixed();
  X_ = rows.z.leftCols(p).rowwise() - stats.origin.head(p).transpose();
  mean_x_ = stats.mean.topRows(p);
  // β̂ for columns from the origin, once more: that of the fit has lost digits to a large one.
  const double theta = fit.tau / fit.sigma;
  const Eigen::MatrixXd L = profile_factor(stats, theta * theta);
  beta_ = L.topLeftCorner(p, p).triangularView<Eigen::Lower>().adjoint().solve(
      L.row(p).head(p).transpose());
  residual_ = rows.z.col(p).array() - stats.origin[p];
  residual_ -= X_ * beta_;
  fitted_mean_ = mean_x_.transpose() * beta_;
  Wxx_beta_ = stats.within.topLeftCorner(p, p) * beta_;
  fitted_square_ = beta_.dot(Wxx_beta_);
}

Eigen::VectorXd NewResponses::group_sums(const Eigen::VectorXd& values) const {
  Eigen::VectorXd sums(num_groups());
  for (Eigen::Index j = 0; j < num_groups(); ++j)
    sums[j] = values.segment(first_row(j), group_size(j)).sum();
  return sums;
}

void NewResponses::add_up(DrawnErrors& errors) const {
  for (Eigen::Index j = 0; j < num_groups(); ++j)
    errors.sum[j] = errors.error.segment(first_row(j), group_size(j)).sum();
  errors.cross.noalias() = X_.transpose() * errors.error;
  errors.square = errors.error.squaredNorm();
}

void NewResponses::put(const DrawnErrors& errors,
                       std::int64_t lane,
                       double* mean,
                       double* within) const {
  const Eigen::Index p = X_.cols(), q = p + 1;
  double error_square = errors.square;
  Eigen::VectorXd error_cross = errors.cross;
  for (Eigen::Index j = 0; j < num_groups(); ++j) {
    const double average = errors.sum[j] / size_[j];
    mean[(j * q + p) * kPackSize + lane] = fitted_mean_[j] + errors.group[j] + average;
    error_square -= errors.sum[j] * average;
    error_cross -= errors.sum[j] * mean_x_.col(j);
  }
  for (Eigen::Index a = 0; a < p; ++a)
    within[packed_index(p, a) * kPackSize + lane] = Wxx_beta_[a] + error_cross[a];
  within[packed_index(p, p) * kPackSize + lane] =
      fitted_square_ + 2.0 * beta_.dot(error_cross) + error_square;
}

DrawnErrors NewResponses::room_for_errors() const {
  DrawnErrors errors;
  errors.group = errors.sum = Eigen::VectorXd::Zero(num_groups());
  errors.cross = Eigen::VectorXd::Zero(X_.cols());
  errors.error = Eigen::VectorXd::Zero(num_obs());
  return errors;
}

std::optional<ReplicateData> NewResponses::data(std::int64_t replicate) const {
  DrawnErrors errors = room_for_errors();
  draw_rows(replicate, errors);
  const GroupConstants constants = arrays_.constants();
  const Eigen::Index p = X_.cols();
  const Eigen::Map<const Eigen::VectorXd> origin(constants.origin, p + 1);
  GroupRows rows;
  rows.first = first_;
  rows.key.resize(first_.size() - 1);
  std::iota(rows.key.begin(), rows.key.end(), 0.0);
  rows.z.resize(num_obs(), p + 1);
  rows.z.leftCols(p) = X_.rowwise() + origin.head(p).transpose();
  rows.z.col(p) = (X_ * beta_ + errors.error).array() + origin[p];
  for (Eigen::Index j = 0; j < num_groups(); ++j)
    rows.z.col(p).segment(first_row(j), group_size(j)).array() += errors.group[j];
  return replicate_data(std::move(rows), constants.has_intercept, options_.simd);
}

void NewResponses::make(std::int64_t first,
                        std::int64_t count,
                        ReplicateRows& rows) const {
  const GroupConstants constants = arrays_.constants();
  const std::int64_t J = num_groups(), q = X_.cols() + 1, pairs = q * (q + 1) / 2;
  // Made anew for each call: another scheme may have used this thread before.
  AlignedVector<double> size(static_cast<std::size_t>(J * kPackSize)),
      mean(static_cast<std::size_t>(J * q * kPackSize)),
      within(static_cast<std::size_t>(pairs * kPackSize));
  for (std::int64_t lane = 0; lane < kPackSize; ++lane) {
    for (std::int64_t j = 0; j < J; ++j) {
      size[static_cast<std::size_t>(j * kPackSize + lane)] = size_[j];
      for (std::int64_t a = 0; a + 1 < q; ++a)
        mean[static_cast<std::size_t>((j * q + a) * kPackSize + lane)] = mean_x_(a, j);
    }
    for (std::int64_t pair = 0; pair < pairs; ++pair)
      within[static_cast<std::size_t>(pair * kPackSize + lane)] = packed_[pair];
  }
  DrawnErrors errors = room_for_errors();
  make_in_packs(
      first,
      count,
      constants.p,
      options_.keep_std_errors,
      grouped_scratch(constants),
      rows,
      [&](std::int64_t pack, const ReplicateSpan& out, double* scratch) {
        for (std::int64_t lane = 0; lane < kPackSize; ++lane) {
          draw(pack + lane, errors);
          put(errors, lane, mean.data(), within.data());
        }
        kernel_(constants, {size.data(), mean.data(), within.data()}, out, scratch);
      });
}

}  // namespace merit
