// SPDX-License-Identifier: MIT
#include "engine/resample/residual.hpp"

#include <cmath>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/random/stream.hpp"
#include "engine/resample/new_responses.hpp"
#include "engine/resample/residual_pool.hpp"

namespace merit {
namespace {

/// Two pools of residuals, of groups and of rows, from which replicates draw.
class PooledResiduals : public NewResponses {
 protected:
  PooledResiduals(const GroupedStats& stats,
                  const GroupRows& rows,
                  const FitResult& fit,
                  const SchemeOptions& options)
      : NewResponses(stats, rows, fit, options) {}

  /// @param groups  J, the groups' residuals; the rows' are what they leave of y − Xβ̂
  /// @param scaled  pools centred, with the estimated standard deviations
  void make_pools(const Eigen::VectorXd& groups, const FitResult& fit, bool scaled) {
    groups_ = groups;
    rows_ = residual();
    for (Eigen::Index j = 0; j < num_groups(); ++j)
      rows_.segment(first_row(j), group_size(j)).array() -= groups_[j];
    if (!scaled) return;
    rescale_pool(groups_, fit.tau);
    rescale_pool(rows_, fit.sigma);
  }

  void draw_groups(Stream& stream, DrawnErrors& errors) const {
    for (double& u : errors.group)
      u = groups_[stream.index(num_groups())];
  }

  Eigen::VectorXd groups_, rows_;
};

class ResidualBootstrap final : public PooledResiduals {
 public:
  ResidualBootstrap(const GroupedStats& stats,
                    const GroupRows& rows,
                    const FitResult& fit,
                    const SchemeOptions& options)
      : PooledResiduals(stats, rows, fit, options) {
    make_pools(group_modes(stats, fit).mode, fit, true);
  }

 private:
  void draw(std::int64_t replicate, DrawnErrors& errors) const override {
    Stream groups(seed(), Purpose::residual_groups, replicate);
    draw_groups(groups, errors);
    Stream rows(seed(), Purpose::residual_rows, replicate);
    for (double& e : errors.error)
      e = rows_[rows.index(num_obs())];
    add_up(errors);
  }
};

class RebBootstrap final : public PooledResiduals {
 public:
  RebBootstrap(const GroupedStats& stats,
               const GroupRows& rows,
               const FitResult& fit,
               RebType type,
               const SchemeOptions& options)
      : PooledResiduals(stats, rows, fit, options) {
    make_pools(
        group_sums(residual()).cwiseQuotient(stats.size), fit, type == RebType::scaled);
  }

 private:
  void draw(std::int64_t replicate, DrawnErrors& errors) const override {
    Stream groups(seed(), Purpose::residual_groups, replicate);
    draw_groups(groups, errors);
    Stream rows(seed(), Purpose::residual_rows, replicate);
    for (Eigen::Index j = 0; j < num_groups(); ++j) {
      const Eigen::Index block = groups.index(num_groups());
      const double* const pool = rows_.data() + first_row(block);
      for (double& e : errors.error.segment(first_row(j), group_size(j)))
        e = pool[rows.index(group_size(block))];
    }
    add_up(errors);
  }
};

/// One of the distribution's values.
double wild_weight(WildWeights weights, Stream& stream) {
  if (weights == WildWeights::rademacher) return stream.index(2) == 0 ? -1.0 : 1.0;
  if (weights == WildWeights::webb) {
    static const double value[] = {
        -std::sqrt(1.5), -1.0, -std::sqrt(0.5), std::sqrt(0.5), 1.0, std::sqrt(1.5)};
    return value[stream.index(6)];
  }
  const double root = std::sqrt(5.0);
  const double uniform = static_cast<double>(stream.bits() >> 12) * 0x1p-52;
  return uniform < (root + 1.0) / (2.0 * root) ? (1.0 - root) / 2.0 : (1.0 + root) / 2.0;
}

class WildBootstrap final : public NewResponses {
 public:
  WildBootstrap(const GroupedStats& stats,
                const GroupRows& rows,
                const FitResult& fit,
                WildHc hc,
                WildWeights weights,
                const SchemeOptions& options)
      : NewResponses(stats, rows, fit, options), weights_(weights) {
    const Eigen::LLT<Eigen::MatrixXd> chol(X().transpose() * X());
    const Eigen::MatrixXd half = chol.matrixL().solve(X().transpose());  // p × n
    residual_ = residual();
    for (Eigen::Index i = 0; i < num_obs(); ++i) {
      constexpr double kOne = 1e-10;  // a row that has a column to itself has no residual
      const double rest = 1.0 - half.col(i).squaredNorm();
      residual_[i] =
          rest < kOne ? 0.0 : residual_[i] / (hc == WildHc::hc2 ? std::sqrt(rest) : rest);
    }
    sum_ = group_sums(residual_);
    cross_.resize(X().cols(), num_groups());
    square_.resize(num_groups());
    for (Eigen::Index j = 0; j < num_groups(); ++j) {
      const auto vj = residual_.segment(first_row(j), group_size(j));
      cross_.col(j) = X().middleRows(first_row(j), group_size(j)).transpose() * vj;
      square_[j] = vj.squaredNorm();
    }
  }

 private:
  void draw(std::int64_t replicate, DrawnErrors& errors) const override {
    Stream stream(seed(), Purpose::wild_weights, replicate);
    errors.cross.setZero();
    errors.square = 0.0;
    for (Eigen::Index j = 0; j < num_groups(); ++j) {
      const double w = wild_weight(weights_, stream);
      errors.group[j] = 0.0;
      errors.sum[j] = w * sum_[j];
      errors.cross += w * cross_.col(j);
      errors.square += w * w * square_[j];
    }
  }

  void draw_rows(std::int64_t replicate, DrawnErrors& errors) const override {
    Stream stream(seed(), Purpose::wild_weights, replicate);
    errors.error = residual_;
    for (Eigen::Index j = 0; j < num_groups(); ++j)
      errors.error.segment(first_row(j), group_size(j)) *= wild_weight(weights_, stream);
  }

  WildWeights weights_;
  Eigen::VectorXd residual_;      // n, ṽ
  Eigen::VectorXd sum_, square_;  // J, of ṽ
  Eigen::MatrixXd cross_;         // p × J
};

}  // namespace

std::unique_ptr<Scheme> residual_bootstrap(const GroupedStats& stats,
                                           const GroupRows& rows,
                                           const FitResult& fit,
                                           const SchemeOptions& options) {
  return std::make_unique<ResidualBootstrap>(stats, rows, fit, options);
}

std::unique_ptr<Scheme> reb_bootstrap(const GroupedStats& stats,
                                      const GroupRows& rows,
                                      const FitResult& fit,
                                      RebType type,
                                      const SchemeOptions& options) {
  return std::make_unique<RebBootstrap>(stats, rows, fit, type, options);
}

std::unique_ptr<Scheme> wild_bootstrap(const GroupedStats& stats,
                                       const GroupRows& rows,
                                       const FitResult& fit,
                                       WildHc hc,
                                       WildWeights weights,
                                       const SchemeOptions& options) {
  return std::make_unique<WildBootstrap>(stats, rows, fit, hc, weights, options);
}

}  // namespace merit
