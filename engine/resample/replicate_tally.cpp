// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_tally.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Bins reach so many times the interquartile range of the first block to either side of its
/// median: ± 5.4 standard deviations of normal values. What lies beyond is in the outer bins.
constexpr double kReach = 4.0;

}  // namespace

ReplicateTally::ReplicateTally(std::vector<double> origin)
    : origin_(std::move(origin)), count_(origin_.size()) {}

void ReplicateTally::lay_bins(std::span<const double> estimates,
                              std::span<const std::uint8_t> status) {
  std::vector<double> values;
  for (std::size_t column = 0; column < num_columns(); ++column) {
    values.clear();
    for (std::size_t row = 0; row < status.size(); ++row) {
      if (has_estimate(status[row]))
        values.push_back(estimates[row * num_columns() + column]);
    }
    if (values.empty()) return;
    const auto quartile = [&values](std::size_t k) {
      const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() * k / 4);
      std::nth_element(values.begin(), at, values.end());
      return *at;
    };
    const double reach = kReach * (quartile(3) - quartile(1));
    // All the same: one bin's worth of bins, for all that is not that value.
    const double half = reach > 0.0 ? reach : 1e-12 + 1e-9 * std::abs(quartile(2));
    scale_.push_back({quartile(2) - half, kBins / (2.0 * half)});
  }
}

int ReplicateTally::bin(std::size_t column, double value) const {
  const auto [low, per_unit] = scale_[column];
  const double at = (value - low) * per_unit;
  return static_cast<int>(std::clamp(at, 0.0, kBins - 1.0));
}

void ReplicateTally::add(std::int64_t first,
                         std::span<const double> estimates,
                         std::span<const std::uint8_t> status) {
  const std::size_t width = num_columns();
  assert(estimates.size() == status.size() * width);
  assert(!has(first));
  if (scale_.empty()) lay_bins(estimates, status);
  std::vector<Sums> sums(width);
  for (std::size_t row = 0; row < status.size(); ++row) {
    const std::uint8_t code = status[row];
    ++by_status_[code < kNumReplicateStatuses
                     ? code
                     : static_cast<std::size_t>(ReplicateStatus::not_converged)];
    if (!has_estimate(code)) continue;
    ++num_used_;
    const double* values = estimates.data() + row * width;
    for (std::size_t column = 0; column < width; ++column) {
      const double value = values[column];
      ++count_[column][static_cast<std::size_t>(bin(column, value))];
      const double deviation = value - origin_[column];
      sums[column].first += deviation;
      sums[column].second += deviation * deviation;
    }
  }
  blocks_.emplace(first, std::move(sums));
}

ReplicateMoments ReplicateTally::moments(std::size_t column) const {
  ReplicateMoments out{.num_replicates = num_used_, .mean = kNaN, .sd = kNaN};
  if (num_used_ == 0) return out;
  Sums total;
  for (const auto& [first, sums] : blocks_) {
    total.first += sums[column].first;
    total.second += sums[column].second;
  }
  const auto R = static_cast<double>(num_used_);
  const double offset = total.first / R;
  out.mean = origin_[column] + offset;
  if (num_used_ >= 2) {
    out.sd = std::sqrt(std::max(0.0, total.second - offset * total.first) / (R - 1.0));
  }
  return out;
}

OrderStatistics::OrderStatistics(const ReplicateTally& tally,
                                 std::span<const std::int64_t> ranks)
    : tally_(tally), wanted_(tally.num_columns()), is_wanted_(tally.num_columns()) {
  for (std::size_t column = 0; column < tally.num_columns(); ++column) {
    is_wanted_[column].fill(0);
    const auto& count = tally.count_[column];
    for (const std::int64_t k : ranks) {
      assert(k >= 1 && k <= tally.num_used());
      std::int64_t before = 0;
      std::size_t bin = 0;
      while (before + count[bin] < k)
        before += count[bin++];
      Bin& entry = wanted_[column][static_cast<int>(bin)];
      entry.before = before;
      entry.values.reserve(static_cast<std::size_t>(count[bin]));
      is_wanted_[column][bin] = 1;
    }
  }
}

void OrderStatistics::add(std::span<const double> estimates,
                          std::span<const std::uint8_t> status) {
  const std::size_t width = tally_.num_columns();
  for (std::size_t row = 0; row < status.size(); ++row) {
    if (!has_estimate(status[row])) continue;
    const double* values = estimates.data() + row * width;
    for (std::size_t column = 0; column < width; ++column) {
      const int bin = tally_.bin(column, values[column]);
      if (is_wanted_[column][static_cast<std::size_t>(bin)] == 0) continue;
      wanted_[column][bin].values.push_back(values[column]);
    }
  }
}

double OrderStatistics::operator()(std::size_t column, std::int64_t k) {
  for (auto& [bin, entry] : wanted_[column]) {
    const std::int64_t at = k - 1 - entry.before;
    if (at < 0 || at >= std::ssize(entry.values)) continue;
    std::nth_element(entry.values.begin(), entry.values.begin() + at, entry.values.end());
    return entry.values[static_cast<std::size_t>(at)];
  }
  return kNaN;
}

}  // namespace merit
