// SPDX-License-Identifier: MIT
#include "engine/posterior/replicated_responses.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/posterior/variates.hpp"
#include "engine/random/draws_kernel.hpp"
#include "engine/resample/row_simulator.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Whole packs that hold so many rows, in rows.
std::int64_t padded(std::int64_t rows) {
  return (rows + kPackRows - 1) / kPackRows * kPackRows;
}

class GaussianReplicated final : public ReplicatedResponses {
 public:
  GaussianReplicated(std::shared_ptr<const GroupRows> rows,
                     Eigen::MatrixXd draws,
                     SimdLevel simd)
      : rows_(std::move(rows)),
        draws_(std::move(draws)),
        p_(draws_.cols() - 2),
        random_(draw_kernels(simd)) {}

  std::vector<double> observed(std::int64_t group) const override {
    const Eigen::VectorXd y = rows_of(group).col(p_);
    return {y.begin(), y.end()};
  }

  void of_group(std::int64_t group,
                std::uint64_t seed,
                std::span<const std::int64_t> stream,
                std::span<const double> intercept,
                const UseReplicate& use) const override {
    const Eigen::MatrixXd X = rows_of(group).leftCols(p_);
    const std::int64_t n = X.rows();
    const std::uint64_t own = group_seed(group, seed);
    AlignedVector<double> y(static_cast<std::size_t>(padded(n)));
    for (std::size_t s = 0; s < stream.size(); ++s) {
      const auto row = draws_.row(static_cast<Eigen::Index>(s));
      random_.normals(own, Purpose::posterior_responses, stream[s], padded(n), y.data());
      const double sigma = row[p_ + 1], u = intercept[s];
      for (std::int64_t i = 0; i < n; ++i)
        y[static_cast<std::size_t>(i)] = u + sigma * y[static_cast<std::size_t>(i)];
      for (Eigen::Index k = 0; k < p_; ++k) {
        const double beta = row[k];
        const double* const x = X.col(k).data();
        for (std::int64_t i = 0; i < n; ++i)
          y[static_cast<std::size_t>(i)] += beta * x[i];
      }
      use(s, {y.data(), static_cast<std::size_t>(n)});
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
  DrawKernels random_;
};

class GlmmReplicated final : public ReplicatedResponses {
 public:
  GlmmReplicated(std::shared_ptr<const GlmmModel> model,
                 const Eigen::MatrixXd& draws,
                 SimdLevel simd)
      : model_(std::move(model)), simulator_(*model_, simd), random_(draw_kernels(simd)) {
    const Eigen::Index last = draws.cols() - 1;
    psi_.resize(draws.cols(), draws.rows());
    for (Eigen::Index s = 0; s < draws.rows(); ++s) {
      psi_.col(s) =
          parameters_of(*model_, draws.row(s).head(last).transpose(), draws(s, last));
    }
  }

  std::vector<double> observed(std::int64_t group) const override {
    std::vector<double> out;
    const std::int64_t first = model_->rows.first_row(group);
    const std::int64_t n = model_->rows.size[static_cast<std::size_t>(group)];
    for (std::int64_t row = first; row < first + n; ++row)
      append(row, model_->response.y[row], out);
    return out;
  }

  void of_group(std::int64_t group,
                std::uint64_t seed,
                std::span<const std::int64_t> stream,
                std::span<const double> intercept,
                const UseReplicate& use) const override {
    const std::int64_t begin = model_->rows.first_row(group);
    const std::int64_t n = model_->rows.size[static_cast<std::size_t>(group)];
    const std::uint64_t own = group_seed(group, seed);
    AlignedVector<double> uniform(static_cast<std::size_t>(padded(n)));
    RowSimulator::Workspace work;
    std::vector<double> y;
    Eigen::VectorXd psi;
    for (std::size_t s = 0; s < stream.size(); ++s) {
      psi = psi_.col(static_cast<Eigen::Index>(s));
      random_.uniforms(
          own, Purpose::posterior_responses, stream[s], padded(n), uniform.data());
      y.clear();
      for (std::int64_t at = 0; at < n; at += RowSimulator::kStripRows) {
        const std::int64_t count = std::min(RowSimulator::kStripRows, n - at);
        simulator_.draw(psi, begin + at, count, intercept[s], uniform.data() + at, work);
        for (std::int64_t i = 0; i < count; ++i)
          append(begin + at + i, work.drawn[static_cast<std::size_t>(i)], y);
      }
      if (!std::isfinite(intercept[s])) std::fill(y.begin(), y.end(), kNaN);
      use(s, y);
    }
  }

 private:
  /// What a row's response is as a number.
  void append(std::int64_t row, double y, std::vector<double>& out) const {
    if (model_->family.has_thresholds()) y += 1.0;
    const double trials = model_->rows.trials_of(row);
    if (trials > 0.0) out.push_back(y / trials);
  }

  std::shared_ptr<const GlmmModel> model_;
  RowSimulator simulator_;
  DrawKernels random_;
  Eigen::MatrixXd psi_;  // P × S
};

}  // namespace

std::unique_ptr<const ReplicatedResponses> gaussian_replicated(
    std::shared_ptr<const GroupRows> rows, Eigen::MatrixXd draws, SimdLevel simd) {
  return std::make_unique<const GaussianReplicated>(
      std::move(rows), std::move(draws), simd);
}

std::unique_ptr<const ReplicatedResponses> glmm_replicated(
    std::shared_ptr<const GlmmModel> model,
    const Eigen::MatrixXd& draws,
    SimdLevel simd) {
  return std::make_unique<const GlmmReplicated>(std::move(model), draws, simd);
}

std::vector<double> new_intercepts(std::int64_t group,
                                   std::uint64_t seed,
                                   std::span<const std::int64_t> stream,
                                   std::span<const double> tau) {
  const std::uint64_t own = group_seed(group, seed);
  std::vector<double> out;
  out.reserve(stream.size());
  for (std::size_t s = 0; s < stream.size(); ++s) {
    Variates random(own, Purpose::posterior_intercept, stream[s]);
    out.push_back(tau[s] * random.normal());
  }
  return out;
}

}  // namespace merit
