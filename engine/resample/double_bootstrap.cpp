// SPDX-License-Identifier: MIT
#include "engine/resample/double_bootstrap.hpp"

#include <algorithm>
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
                  std::int64_t num_inner,
                  std::uint64_t seed)
      : outer_(std::move(outer)),
        inner_(std::move(inner)),
        original_(std::move(original)),
        num_inner_(num_inner),
        seed_(seed) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    outer_->make(first, count, rows);
    const std::size_t width = original_.size();
    rows.num_shares = std::ssize(original_);
    rows.inner_share.assign(static_cast<std::size_t>(count) * width,
                            std::numeric_limits<double>::quiet_NaN());
    for (std::size_t r = 0; r < static_cast<std::size_t>(count); ++r) {
      if (!has_estimate(rows.status[r])) continue;
      const std::int64_t replicate = first + static_cast<std::int64_t>(r);
      const std::span<const double> estimates(rows.estimate.data() + r * width, width);
      Stream stream(seed_, Purpose::inner_bootstrap, replicate);
      fill_shares(*inner_(replicate, estimates, stream.bits()),
                  std::span(rows.inner_share).subspan(r * width, width));
    }
  }

 private:
  void fill_shares(const Scheme& inner, std::span<double> share) const {
    static thread_local ReplicateRows rows;
    const std::size_t width = original_.size();
    std::vector<std::int64_t> not_above(width, 0);
    std::int64_t used = 0;
    for (std::int64_t done = 0; done < num_inner_; done += kInnerRows) {
      inner.make(done, std::min(kInnerRows, num_inner_ - done), rows);
      for (std::size_t s = 0; s < rows.status.size(); ++s) {
        if (!has_estimate(rows.status[s])) continue;
        ++used;
        for (std::size_t k = 0; k < width; ++k)
          not_above[k] += rows.estimate[s * width + k] <= original_[k];
      }
    }
    if (used == 0) return;
    for (std::size_t k = 0; k < width; ++k)
      share[k] = static_cast<double>(not_above[k]) / static_cast<double>(used);
  }

  std::unique_ptr<Scheme> outer_;
  InnerBootstrap inner_;
  std::vector<double> original_;
  std::int64_t num_inner_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Scheme> double_bootstrap(std::unique_ptr<Scheme> outer,
                                         InnerBootstrap inner,
                                         std::vector<double> original,
                                         std::int64_t num_inner,
                                         std::uint64_t seed) {
  return std::make_unique<DoubleBootstrap>(
      std::move(outer), std::move(inner), std::move(original), num_inner, seed);
}

}  // namespace merit
