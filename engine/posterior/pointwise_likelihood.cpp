// SPDX-License-Identifier: MIT
#include "engine/posterior/pointwise_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

#include "engine/fit/quadrature.hpp"
#include "engine/model/elementary.hpp"
#include "engine/posterior/intercept_draws.hpp"
#include "engine/posterior/log_gamma.hpp"
#include "engine/posterior/variates.hpp"

namespace merit {
namespace {

using elementary::exp;
using elementary::log;
using elementary::log1p;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const double kLogTwoPi = log(2.0 * std::numbers::pi);

class GaussianPointwise final : public PointwiseLikelihood {
 public:
  GaussianPointwise(std::shared_ptr<const GroupRows> rows, Eigen::MatrixXd draws)
      : rows_(std::move(rows)), draws_(std::move(draws)), p_(draws_.cols() - 2) {}

  /// Normal about n r̄ τ²/(σ² + nτ²), r̄ the mean residual, with variance σ²τ²/(σ² + nτ²).
  std::vector<double> intercepts(std::int64_t group,
                                 std::uint64_t seed,
                                 std::span<const std::int64_t> stream) const override {
    const Eigen::MatrixXd z = rows_of(group);
    const auto n = static_cast<double>(z.rows());
    const Eigen::RowVectorXd mean = z.colwise().mean();
    const std::uint64_t own = group_seed(group, seed);
    std::vector<double> out;
    out.reserve(stream.size());
    for (Eigen::Index s = 0; s < draws_.rows(); ++s) {
      const double tau = draws_(s, p_), sigma = draws_(s, p_ + 1);
      const double residual = mean[p_] - mean.head(p_).dot(draws_.row(s).head(p_));
      const double total = sigma * sigma + n * tau * tau;
      Variates random(
          own, Purpose::posterior_intercept, stream[static_cast<std::size_t>(s)]);
      out.push_back(n * residual * tau * tau / total +
                    sigma * tau / std::sqrt(total) * random.normal());
    }
    return out;
  }

  /// With residuals' mean r̄ and sum of squares about it Q: Q/σ² + n r̄²/(σ² + nτ²).
  std::vector<double> of_group(std::int64_t group) const override {
    const Eigen::MatrixXd z = rows_of(group);
    const auto n = static_cast<double>(z.rows());
    const Eigen::RowVectorXd mean = z.colwise().mean();
    const Eigen::MatrixXd away = z.rowwise() - mean;
    const Eigen::MatrixXd within = away.transpose() * away;
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(draws_.rows()));
    Eigen::VectorXd residual(p_ + 1);  // y − Xβ as a combination of columns
    residual[p_] = 1.0;
    for (Eigen::Index s = 0; s < draws_.rows(); ++s) {
      residual.head(p_) = -draws_.row(s).head(p_).transpose();
      const double tau = draws_(s, p_), sigma = draws_(s, p_ + 1);
      const double total = sigma * sigma + n * tau * tau;
      const double centre = mean * residual;
      const double squares =
          residual.dot(within * residual) / (sigma * sigma) + n * centre * centre / total;
      out.push_back(
          -0.5 * (n * kLogTwoPi + 2.0 * (n - 1.0) * log(sigma) + log(total) + squares));
    }
    return out;
  }

  void of_rows(std::int64_t group,
               std::span<const double> intercept,
               const UseRow& use) const override {
    const Eigen::MatrixXd z = rows_of(group);
    const Eigen::Index S = draws_.rows();
    std::vector<double> log_scale(static_cast<std::size_t>(S)), out(log_scale.size());
    for (Eigen::Index s = 0; s < S; ++s)
      log_scale[static_cast<std::size_t>(s)] = -0.5 * kLogTwoPi - log(draws_(s, p_ + 1));
    for (Eigen::Index i = 0; i < z.rows(); ++i) {
      for (std::size_t s = 0; s < out.size(); ++s)
        out[s] = z(i, p_) - intercept[s];
      for (Eigen::Index k = 0; k < p_; ++k) {
        const double* const beta = draws_.col(k).data();
        for (std::size_t s = 0; s < out.size(); ++s)
          out[s] -= z(i, k) * beta[s];
      }
      const double* const sigma = draws_.col(p_ + 1).data();
      for (std::size_t s = 0; s < out.size(); ++s) {
        const double standard = out[s] / sigma[s];
        out[s] = log_scale[s] - 0.5 * standard * standard;
      }
      use(out);
    }
  }

 private:
  Eigen::MatrixXd rows_of(std::int64_t group) const {
    const auto j = static_cast<std::size_t>(group);
    return rows_->z.middleRows(rows_->first[j], rows_->first[j + 1] - rows_->first[j]);
  }

  std::shared_ptr<const GroupRows> rows_;
  Eigen::MatrixXd draws_;
  Eigen::Index p_;
};

/// A group's rows, where they lie.
PackedRows one_group(const PackedRows& all, std::int64_t group) {
  const auto j = static_cast<std::size_t>(group);
  PackedRows one;
  one.num_fixed = all.num_fixed;
  one.key = {all.key[j]};
  one.size = {all.size[j]};
  one.first_pack = {all.first_pack[j], all.first_pack[j + 1]};
  one.origin = all.origin;
  one.x = all.x;
  one.offset = all.offset;
  one.y = all.y;
  one.trials = all.trials;
  one.memory = all.memory;
  return one;
}

/// Some rows, each a group of its own.
PackedRows rows_apart(const PackedRows& all, std::int64_t first, std::int64_t count) {
  std::vector<double> key(static_cast<std::size_t>(count));
  std::iota(key.begin(), key.end(), 0.0);
  PackedRows apart =
      lay_out_rows(std::move(key),
                   std::vector<std::int64_t>(static_cast<std::size_t>(count), 1),
                   all.origin);
  const PackedColumns columns{.offset = all.offset != nullptr,
                              .trials = all.trials != nullptr};
  const PackedRowsWriter writer(
      apart, columns, allocate_rows(packed_bytes(apart, columns)));
  for (std::int64_t i = 0; i < count; ++i) {
    writer.copy(all, first + i, apart.first_row(i));
    writer.pad(i);
  }
  return apart;
}

/// Σ_{m<y} log(1 + m/θ), which the negative binomial's kernel leaves out.
double log_rising(std::int32_t y, double theta) {
  constexpr std::int32_t kFew = 24;
  double sum = 0.0;
  if (y > kFew)
    return log_gamma(theta + y) - log_gamma(theta) - static_cast<double>(y) * log(theta);
  for (std::int32_t m = 1; m < y; ++m)
    sum += log1p(static_cast<double>(m) / theta);
  return sum;
}

class QuadraturePointwise final : public PointwiseLikelihood {
 public:
  QuadraturePointwise(std::shared_ptr<const GlmmModel> model,
                      const Eigen::MatrixXd& draws,
                      const AlignedVector<double>& modes,
                      int num_nodes)
      : model_(std::move(model)), modes_(modes), rule_(num_nodes) {
    const Eigen::Index last = draws.cols() - 1;
    psi_.resize(draws.cols(), draws.rows());
    for (Eigen::Index s = 0; s < draws.rows(); ++s) {
      psi_.col(s) =
          parameters_of(*model_, draws.row(s).head(last).transpose(), draws(s, last));
    }
  }

  std::vector<double> intercepts(std::int64_t group,
                                 std::uint64_t seed,
                                 std::span<const std::int64_t> stream) const override {
    const PackedRows rows = one_group(model_->rows, group);
    Outcome outcome;
    describe_outcome(model_->family, rows, model_->response.y, outcome);
    QuadratureLikelihood likelihood(rows, model_->family, outcome, rule_, kModeTolerance);
    const std::uint64_t own = group_seed(group, seed);
    std::vector<double> out;
    out.reserve(stream.size());
    for (Eigen::Index s = 0; s < psi_.cols(); ++s) {
      likelihood.modes()[0] = modes_[static_cast<std::size_t>(group)];
      Variates random(
          own, Purpose::posterior_intercept, stream[static_cast<std::size_t>(s)]);
      double u = kNaN;
      const Eigen::VectorXd psi = psi_.col(s);
      if (!likelihood.evaluate(psi, QuadratureDetail::value) ||
          !draw_intercepts(likelihood, psi, random, &u))
        u = kNaN;
      out.push_back(u);
    }
    return out;
  }

  std::vector<double> of_group(std::int64_t group) const override {
    const PackedRows rows = one_group(model_->rows, group);
    Outcome outcome;
    describe_outcome(model_->family, rows, model_->response.y, outcome);
    QuadratureLikelihood likelihood(rows, model_->family, outcome, rule_, kModeTolerance);
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(psi_.cols()));
    for (Eigen::Index s = 0; s < psi_.cols(); ++s) {
      likelihood.modes()[0] = modes_[static_cast<std::size_t>(group)];
      const bool finite = likelihood.evaluate(psi_.col(s), QuadratureDetail::value);
      out.push_back(finite ? likelihood.log_likelihood() : kNaN);
    }
    return out;
  }

  void of_rows(std::int64_t group,
               std::span<const double> intercept,
               const UseRow& use) const override {
    constexpr std::int64_t kRowsAtOnce = 64;
    const std::int64_t n = model_->rows.size[static_cast<std::size_t>(group)];
    for (std::int64_t first = 0; first < n; first += kRowsAtOnce) {
      of_some_rows(model_->rows.first_row(group) + first,
                   std::min(kRowsAtOnce, n - first),
                   intercept,
                   use);
    }
  }

 private:
  static constexpr double kModeTolerance = 1e-8;

  /// f(v) of a row that is a group of its own, with τ = 1 and v the intercept, less −v²/2.
  void of_some_rows(std::int64_t first,
                    std::int64_t count,
                    std::span<const double> intercept,
                    const UseRow& use) const {
    const GlmFamily& family = model_->family;
    const PackedRows rows = rows_apart(model_->rows, first, count);
    Outcome outcome;
    describe_outcome(family, rows, rows.y, outcome);
    QuadratureLikelihood likelihood(rows, family, outcome, rule_, kModeTolerance);
    const bool negbinomial = family.family == Family::negbinomial;
    std::vector<double> constant;
    for (std::int64_t i = 0; i < count; ++i)
      constant.push_back(log_constant(family, rows, rows.y, i));
    std::vector<std::vector<double>> out(static_cast<std::size_t>(count),
                                         std::vector<double>(intercept.size()));
    Eigen::VectorXd psi;
    for (std::size_t s = 0; s < intercept.size(); ++s) {
      psi = psi_.col(static_cast<Eigen::Index>(s));
      psi[psi.size() - 1] = 1.0;
      const double u = intercept[s];
      for (std::int64_t i = 0; i < count; ++i) {
        InterceptPoints at;
        at.count = 1;
        at.v[0] = u;
        likelihood.evaluate_intercept(psi, i, at);
        const auto row = static_cast<std::size_t>(i);
        double value = at.density[0] + 0.5 * u * u + constant[row];
        if (negbinomial)
          value += log_rising(rows.y[rows.first_row(i)], exp(psi[rows.num_fixed]));
        out[row][s] = value;
      }
    }
    for (const std::vector<double>& row : out)
      use(row);
  }

  std::shared_ptr<const GlmmModel> model_;
  AlignedVector<double> modes_;
  GaussHermite rule_;
  Eigen::MatrixXd psi_;  // P × S
};

}  // namespace

std::unique_ptr<const PointwiseLikelihood> gaussian_pointwise(
    std::shared_ptr<const GroupRows> rows, Eigen::MatrixXd draws) {
  return std::make_unique<const GaussianPointwise>(std::move(rows), std::move(draws));
}

std::unique_ptr<const PointwiseLikelihood> quadrature_pointwise(
    std::shared_ptr<const GlmmModel> model,
    const Eigen::MatrixXd& draws,
    const AlignedVector<double>& modes,
    int num_nodes) {
  return std::make_unique<const QuadraturePointwise>(
      std::move(model), draws, modes, num_nodes);
}

}  // namespace merit
