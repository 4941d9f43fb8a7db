// SPDX-License-Identifier: MIT
#include "engine/resample/quantity_errors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kStep = 1e-4;  // in standard errors

class WithQuantityErrors : public Scheme {
 public:
  WithQuantityErrors(std::unique_ptr<Scheme> outer,
                     ReplicateCovariance covariance,
                     std::vector<Quantity> quantities)
      : outer_(std::move(outer)),
        covariance_(std::move(covariance)),
        quantities_(std::move(quantities)) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    outer_->make(first, count, rows);
    const auto m = static_cast<std::size_t>(rows.num_std_errors);
    const std::size_t width = m + quantities_.size();
    std::vector<double> errors(static_cast<std::size_t>(count) * width, kNaN);
    for (std::size_t r = 0; r < static_cast<std::size_t>(count); ++r) {
      const std::span<const double> own = std::span(rows.std_error).subspan(r * m, m);
      double* const to = errors.data() + r * width;
      std::copy(own.begin(), own.end(), to);
      if (has_estimate(rows.status[r]))
        add(first + static_cast<std::int64_t>(r), row(rows, r), own, to + m);
    }
    rows.std_error = std::move(errors);
    rows.num_std_errors = static_cast<std::int64_t>(width);
  }

  std::optional<ReplicateData> data(std::int64_t replicate) const override {
    return outer_->data(replicate);
  }

 private:
  static std::span<const double> row(const ReplicateRows& rows, std::size_t r) {
    const auto size = static_cast<std::size_t>(rows.num_estimates);
    return std::span(rows.estimate).subspan(r * size, size);
  }

  void add(std::int64_t replicate,
           std::span<const double> estimates,
           std::span<const double> std_errors,
           double* to) const {
    const Eigen::MatrixXd covariance = covariance_(replicate, estimates, std_errors);
    if (covariance.size() == 0) return;
    for (const Quantity& quantity : quantities_)
      *to++ = quantity_std_error(quantity, estimates, covariance);
  }

  std::unique_ptr<Scheme> outer_;
  ReplicateCovariance covariance_;
  std::vector<Quantity> quantities_;
};

}  // namespace

double quantity_std_error(const Quantity& quantity,
                          std::span<const double> estimates,
                          const Eigen::MatrixXd& covariance) {
  const Eigen::Index size = std::ssize(estimates);
  std::vector<double> at(estimates.begin(), estimates.end());
  std::vector<Eigen::Index> moving;
  Eigen::VectorXd gradient = Eigen::VectorXd::Zero(size);
  for (Eigen::Index k = 0; k < size; ++k) {
    double& value = at[static_cast<std::size_t>(k)];
    const double here = value, sd = std::sqrt(covariance(k, k));
    // Without a standard error: does it matter at all?
    const double step = kStep * (sd > 0.0 ? sd : std::max(1.0, std::abs(here)));
    value = here + step;
    const double above = quantity(at);
    value = here - step;
    const double below = quantity(at);
    value = here;
    if (above == below) continue;
    gradient[k] = (above - below) / (2.0 * step);
    moving.push_back(k);
  }
  double variance = 0.0;
  for (const Eigen::Index a : moving) {
    for (const Eigen::Index b : moving)
      variance += gradient[a] * covariance(a, b) * gradient[b];
  }
  return variance > 0.0 ? std::sqrt(variance) : kNaN;
}

std::unique_ptr<Scheme> with_quantity_errors(std::unique_ptr<Scheme> outer,
                                             ReplicateCovariance covariance,
                                             std::vector<Quantity> quantities) {
  return std::make_unique<WithQuantityErrors>(
      std::move(outer), std::move(covariance), std::move(quantities));
}

}  // namespace merit
