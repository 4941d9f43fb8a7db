// SPDX-License-Identifier: MIT
#include "engine/resample/double_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/random/stream.hpp"

namespace merit {
namespace {

/// Inner replicates that are in memory at a time.
constexpr std::int64_t kInnerRows = 512;

class DoubleBootstrap : public Scheme {
 public:
  DoubleBootstrap(std::unique_ptr<Scheme> outer,
                  InnerBootstrap inner,
                  std::vector<double> original,
                  std::vector<Quantity> quantities,
                  std::int64_t num_inner,
                  std::uint64_t seed)
      : outer_(std::move(outer)),
        inner_(std::move(inner)),
        original_(std::move(original)),
        quantities_(std::move(quantities)),
        num_estimates_(original_.size()),
        num_inner_(num_inner),
        seed_(seed) {
    const std::vector<double> estimates = original_;
    for (const Quantity& quantity : quantities_)
      original_.push_back(quantity(estimates));
  }

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    outer_->make(first, count, rows);
    const std::size_t width = original_.size();
    rows.num_shares = std::ssize(original_);
    rows.inner_share.assign(static_cast<std::size_t>(count) * width,
                            std::numeric_limits<double>::quiet_NaN());
    for (std::size_t r = 0; r < static_cast<std::size_t>(count); ++r) {
      if (!has_estimate(rows.status[r])) continue;
      const std::int64_t replicate = first + static_cast<std::int64_t>(r);
      Stream stream(seed_, Purpose::inner_bootstrap, replicate);
      if (const auto inner = inner_(replicate, row(rows, r), stream.bits()))
        fill_shares(*inner, std::span(rows.inner_share).subspan(r * width, width));
    }
  }

 private:
  std::span<const double> row(const ReplicateRows& rows, std::size_t r) const {
    return {rows.estimate.data() + r * num_estimates_, num_estimates_};
  }

  void fill_shares(const Scheme& inner, std::span<double> share) const {
    static thread_local ReplicateRows rows;
    std::vector<std::int64_t> not_above(share.size(), 0), used(share.size(), 0);
    const auto count = [&](std::size_t k, double value) {
      used[k] += !std::isnan(value);
      not_above[k] += value <= original_[k];
    };
    for (std::int64_t done = 0; done < num_inner_; done += kInnerRows) {
      inner.make(done, std::min(kInnerRows, num_inner_ - done), rows);
      for (std::size_t s = 0; s < rows.status.size(); ++s) {
        if (!has_estimate(rows.status[s])) continue;
        const std::span<const double> estimates = row(rows, s);
        for (std::size_t k = 0; k < num_estimates_; ++k)
          count(k, estimates[k]);
        for (std::size_t q = 0; q < quantities_.size(); ++q)
          count(num_estimates_ + q, quantities_[q](estimates));
      }
    }
    for (std::size_t k = 0; k < share.size(); ++k) {
      if (used[k] > 0 && !std::isnan(original_[k]))
        share[k] = static_cast<double>(not_above[k]) / static_cast<double>(used[k]);
    }
  }

  std::unique_ptr<Scheme> outer_;
  InnerBootstrap inner_;
  std::vector<double> original_;  ///< of the estimates, then of the quantities
  std::vector<Quantity> quantities_;
  std::size_t num_estimates_;
  std::int64_t num_inner_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Scheme> double_bootstrap(std::unique_ptr<Scheme> outer,
                                         InnerBootstrap inner,
                                         std::vector<double> original,
                                         std::vector<Quantity> quantities,
                                         std::int64_t num_inner,
                                         std::uint64_t seed) {
  return std::make_unique<DoubleBootstrap>(std::move(outer),
                                           std::move(inner),
                                           std::move(original),
                                           std::move(quantities),
                                           num_inner,
                                           seed);
}

}  // namespace merit
