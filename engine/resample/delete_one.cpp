// SPDX-License-Identifier: MIT
#include "engine/resample/delete_one.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/error.hpp"
#include "engine/fit/gaussian_fit.hpp"
#include "engine/model/collinear.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class GaussianDeleteOne : public Scheme {
 public:
  GaussianDeleteOne(const GroupedStats& stats, Criterion criterion)
      : stats_(stats), criterion_(criterion) {
    const std::size_t J = stats_.group_within.size();
    const Eigen::Index q = stats_.within.rows();
    before_.assign(J + 1, Eigen::MatrixXd::Zero(q, q));
    behind_ = before_;
    for (std::size_t j = 0; j < J; ++j)
      before_[j + 1] = before_[j] + stats_.group_within[j];
    for (std::size_t j = J; j > 0; --j)
      behind_[j - 1] = behind_[j] + stats_.group_within[j - 1];
    stats_.group_within.clear();
  }

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    rows.resize(count, stats_.num_fixed() + 2, 0);
    for (std::int64_t r = 0; r < count; ++r)
      fit(first + r, r, rows);
  }

 private:
  GroupedStats without(Eigen::Index group) const {
    const Eigen::Index J = stats_.num_groups(), rest = J - group - 1;
    GroupedStats out;
    out.within = before_[static_cast<std::size_t>(group)] +
                 behind_[static_cast<std::size_t>(group + 1)];
    out.mean.resize(stats_.mean.rows(), J - 1);
    out.mean << stats_.mean.leftCols(group), stats_.mean.rightCols(rest);
    out.size.resize(J - 1);
    out.size << stats_.size.head(group), stats_.size.tail(rest);
    out.origin = stats_.origin;
    out.key = stats_.key;
    out.key.erase(out.key.begin() + group);
    out.has_intercept = stats_.has_intercept;
    if (out.has_intercept && out.size.size() > 0) {
      // From the grand mean of those that are left: the group may have been far from them.
      Eigen::VectorXd shift = out.mean * out.size / out.size.sum();
      shift[0] = 0.0;  // the intercept's column
      out.mean.colwise() -= shift;
      out.origin += shift;
    }
    return out;
  }

  void fit(std::int64_t group, std::int64_t at, ReplicateRows& rows) const {
    const GroupedStats stats = without(group);
    ReplicateStatus status = ReplicateStatus::ok;
    FitResult result;
    if (stats.num_groups() < 2) {
      status = ReplicateStatus::degenerate;
    } else if (!aliased_columns(stats).empty()) {
      status = ReplicateStatus::collinear;
    } else {
      try {
        result = fit_gaussian(stats, {.criterion = criterion_});
        if (result.on_boundary) status = ReplicateStatus::boundary;
        if (!result.converged) status = ReplicateStatus::not_converged;
      } catch (const DataError&) {
        status = ReplicateStatus::degenerate;
      }
    }
    double* estimate = rows.estimate.data() + at * rows.num_estimates;
    rows.status[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(status);
    if (failed(status)) {
      std::fill_n(estimate, rows.num_estimates, kNaN);
      rows.log_likelihood[static_cast<std::size_t>(at)] = kNaN;
      return;
    }
    estimate = std::copy_n(result.beta.data(), result.beta.size(), estimate);
    *estimate++ = result.tau;
    *estimate = result.sigma;
    rows.log_likelihood[static_cast<std::size_t>(at)] = result.log_likelihood;
  }

  GroupedStats stats_;
  Criterion criterion_;
  std::vector<Eigen::MatrixXd> before_, behind_;  // J + 1: Σ W over groups < j, ≥ j
};

}  // namespace

std::int64_t DeleteOneFits::num_failed() const {
  return std::count_if(status.begin(), status.end(), [](std::uint8_t code) {
    return !has_estimate(code);
  });
}

std::vector<double> DeleteOneFits::column(std::int64_t index) const {
  std::vector<double> out;
  for (std::int64_t j = 0; j < num_groups(); ++j)
    out.push_back(estimate[static_cast<std::size_t>(j * num_estimates + index)]);
  return out;
}

std::unique_ptr<Scheme> delete_one_group(const GroupedStats& stats, Criterion criterion) {
  return std::make_unique<GaussianDeleteOne>(stats, criterion);
}

}  // namespace merit
