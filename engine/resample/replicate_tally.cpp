// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_tally.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Bins reach so many times the interquartile range of the first block to either side of its
/// median: ± 5.4 standard deviations of normal values. What lies beyond is in the outer bins.
constexpr double kReach = 4.0;

constexpr std::size_t kPad = 8;

std::size_t padded(std::size_t num_columns) {
  return (num_columns + kPad - 1) / kPad * kPad;
}

const TallyKernel& kernel() {
  static const TallyKernel best = tally_kernel(highest_simd_level());
  return best;
}

/// Calls use(row) for the rows that have estimates; behind each, kPad doubles can be read.
template <class Use>
void visit_rows(std::span<const double> estimates,
                std::span<const std::uint8_t> status,
                std::size_t width,
                const Use& use) {
  std::vector<double> last;
  for (std::size_t row = 0; row < status.size(); ++row) {
    if (!has_estimate(status[row])) continue;
    const auto rest = estimates.subspan(row * width);
    if (rest.size() >= width + kPad) {
      use(rest.data());
      continue;
    }
    last.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(width));
    last.resize(width + kPad, 0.0);
    use(last.data());
  }
}

}  // namespace

TallyKernel tally_kernel(SimdLevel level) {
  return at_level(
      level, simd_v2::tally_kernel, simd_v3::tally_kernel, simd_v4::tally_kernel)();
}

ReplicateTally::ReplicateTally(std::vector<double> origin, std::vector<double> far)
    : num_columns_(origin.size()),
      origin_(std::move(origin)),
      far_(std::move(far)),
      below_(padded(num_columns_), 0.0),
      beyond_(below_),
      count_(num_columns_ * (kBins + 1), 0) {
  if (far_.empty()) {
    for (const double t0 : origin_)
      far_.push_back(std::abs(t0));
  }
  origin_.resize(padded(num_columns_), 0.0);
  far_.resize(padded(num_columns_), 0.0);
}

TallyColumns ReplicateTally::columns() const {
  return {.num_columns = static_cast<int>(num_columns_),
          .num_bins = kBins,
          .origin = origin_.data(),
          .far = far_.data(),
          .low = low_.data(),
          .per_unit = per_unit_.data()};
}

void ReplicateTally::lay_bins(std::span<const double> estimates,
                              std::span<const std::uint8_t> status) {
  std::vector<double> low(padded(num_columns_), 0.0), per_unit(low);
  std::vector<double> values;
  for (std::size_t column = 0; column < num_columns_; ++column) {
    values.clear();
    visit_rows(estimates, status, num_columns_, [&](const double* row) {
      if (!std::isnan(row[column])) values.push_back(row[column]);
    });
    if (values.empty()) values.push_back(origin_[column]);
    const auto quartile = [&values](std::size_t k) {
      const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() * k / 4);
      std::nth_element(values.begin(), at, values.end());
      return *at;
    };
    const double reach = kReach * (quartile(3) - quartile(1));
    const double middle = quartile(2);
    double half = reach;
    if (half == 0.0) {  // most are the same value: as far as the others go
      for (const double value : values)
        half = std::max(half, std::abs(value - middle));
    }
    if (half == 0.0) half = 1e-12 + 1e-9 * std::abs(middle);
    low[column] = middle - half;
    per_unit[column] = kBins / (2.0 * half);
  }
  low_ = std::move(low);
  per_unit_ = std::move(per_unit);
}

int ReplicateTally::bin(std::size_t column, double value) const {
  const double at = (value - low_[column]) * per_unit_[column];
  return static_cast<int>(std::clamp(at, 0.0, kBins - 1.0));
}

std::int64_t ReplicateTally::count(std::size_t column, int bin) const {
  return count_[column * (kBins + 1) + static_cast<std::size_t>(bin)];
}

std::int64_t ReplicateTally::num_defined(std::size_t column) const {
  return num_used_ - count(column, kBins);
}

void ReplicateTally::add(std::int64_t first,
                         std::span<const double> estimates,
                         std::span<const std::uint8_t> status) {
  assert(estimates.size() == status.size() * num_columns_);
  assert(!has(first));
  const bool any = std::any_of(status.begin(), status.end(), has_estimate);
  if (low_.empty() && any) lay_bins(estimates, status);
  for (const std::uint8_t code : status) {
    ++by_status_[code < kNumReplicateStatuses
                     ? code
                     : static_cast<std::size_t>(ReplicateStatus::not_converged)];
  }
  const std::size_t width = padded(num_columns_);
  Sums sums(4 * width, 0.0);
  TallySums to{.count = count_.data(), .below = below_.data(), .beyond = beyond_.data()};
  for (std::size_t k = 0; k < 4; ++k)
    to.power[k] = sums.data() + k * width;
  visit_rows(estimates, status, num_columns_, [&](const double* row) {
    ++num_used_;
    kernel().add(columns(), row, to);
  });
  blocks_.emplace(first, std::move(sums));
}

std::int64_t ReplicateTally::num_replicates() const {
  return std::accumulate(by_status_.begin(), by_status_.end(), std::int64_t{0});
}

void ReplicateTally::merge(const ReplicateTally& other) {
  if (other.num_replicates() == 0) return;
  assert(low_ == other.low_ && per_unit_ == other.per_unit_);
  for (std::size_t i = 0; i < count_.size(); ++i)
    count_[i] += other.count_[i];
  for (std::size_t i = 0; i < below_.size(); ++i) {
    below_[i] += other.below_[i];
    beyond_[i] += other.beyond_[i];
  }
  for (std::size_t i = 0; i < by_status_.size(); ++i)
    by_status_[i] += other.by_status_[i];
  num_used_ += other.num_used_;
  blocks_.insert(other.blocks_.begin(), other.blocks_.end());
}

Bytes pack(const ReplicateTally& tally) {
  ByteWriter writer;
  const auto put = [&writer](const auto& values) { writer.put_all(std::span(values)); };
  writer.put(static_cast<std::int64_t>(tally.num_columns_));
  put(tally.origin_);
  put(tally.far_);
  put(tally.below_);
  put(tally.beyond_);
  put(tally.low_);
  put(tally.per_unit_);
  put(tally.count_);
  writer.put(static_cast<std::int64_t>(tally.blocks_.size()));
  for (const auto& [first, sums] : tally.blocks_) {
    writer.put(first);
    put(sums);
  }
  writer.put(tally.by_status_);
  writer.put(tally.num_used_);
  return writer.take();
}

ReplicateTally unpack_tally(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  const auto num_columns = static_cast<std::size_t>(reader.take<std::int64_t>());
  ReplicateTally tally{std::vector<double>(num_columns)};
  tally.origin_ = reader.take_vector<double>();
  tally.far_ = reader.take_vector<double>();
  tally.below_ = reader.take_vector<double>();
  tally.beyond_ = reader.take_vector<double>();
  tally.low_ = reader.take_vector<double>();
  tally.per_unit_ = reader.take_vector<double>();
  tally.count_ = reader.take_vector<std::int64_t>();
  for (auto left = reader.take<std::int64_t>(); left > 0; --left) {
    const auto first = reader.take<std::int64_t>();
    tally.blocks_.emplace(first, reader.take_vector<double>());
  }
  tally.by_status_ = reader.take<decltype(tally.by_status_)>();
  tally.num_used_ = reader.take<std::int64_t>();
  return tally;
}

ReplicateMoments ReplicateTally::moments(std::size_t column) const {
  const std::int64_t num = num_defined(column);
  ReplicateMoments out{.num_replicates = num, .mean = kNaN, .sd = kNaN};
  if (num == 0) return out;
  std::array<double, 4> power{};
  for (const auto& [replicate, sums] : blocks_) {
    for (std::size_t k = 0; k < 4; ++k)
      power[k] += sums[k * padded(num_columns_) + column];
  }
  out.num_below = static_cast<std::int64_t>(below_[column]);
  out.num_beyond = static_cast<std::int64_t>(beyond_[column]);
  const auto R = static_cast<double>(num);
  const double d = power[0] / R;
  out.mean = origin_[column] + d;
  if (num >= 2) {
    out.sd = std::sqrt(std::max(0.0, power[1] - d * power[0]) / (R - 1.0));
  }
  // From moments about t₀ to central ones.
  const double m2 = power[1] / R, m3 = power[2] / R, m4 = power[3] / R;
  out.third = m3 - d * (3.0 * m2 - 2.0 * d * d);
  out.fourth = m4 - d * (4.0 * m3 - d * (6.0 * m2 - 3.0 * d * d));
  return out;
}

OrderStatistics::OrderStatistics(const ReplicateTally& tally,
                                 const std::vector<std::vector<std::int64_t>>& ranks)
    : tally_(tally), wanted_(tally.num_columns()) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::size_t width = padded(tally.num_columns());
  ranges_.assign(4 * width, kInfinity);  // nothing is wanted
  for (std::size_t column = 0; column < tally.num_columns(); ++column) {
    for (const std::int64_t k : ranks.at(column)) {
      assert(k >= 1 && k <= tally.num_defined(column));
      std::int64_t before = 0;
      int bin = 0;
      while (before + tally.count(column, bin) < k)
        before += tally.count(column, bin++);
      const auto [entry, is_new] = wanted_[column].try_emplace(bin);
      if (!is_new) continue;
      entry->second.before = before;
      entry->second.values.reserve(static_cast<std::size_t>(tally.count(column, bin)));
      // The lower half of the bins in one range, the upper in the other; the outermost bins
      // take what lies beyond them.
      const std::size_t range = bin < ReplicateTally::kBins / 2 ? 0 : 1;
      double& first = ranges_[2 * range * width + column];
      double& end = ranges_[(2 * range + 1) * width + column];
      const bool is_empty = first == kInfinity;
      first = std::min(first, bin == 0 ? -kInfinity : bin);
      const double behind = bin == ReplicateTally::kBins - 1 ? kInfinity : bin + 1.0;
      end = is_empty ? behind : std::max(end, behind);
    }
  }
}

bool OrderStatistics::empty() const {
  return std::all_of(
      wanted_.begin(), wanted_.end(), [](const auto& bins) { return bins.empty(); });
}

void OrderStatistics::add(std::span<const double> estimates,
                          std::span<const std::uint8_t> status) {
  const std::size_t width = padded(tally_.num_columns());
  const double* ranges = ranges_.data();
  const WantedBins wanted{{ranges, ranges + 2 * width},
                          {ranges + width, ranges + 3 * width}};
  const TallyColumns columns = tally_.columns();
  visit_rows(estimates, status, tally_.num_columns(), [&](const double* row) {
    if (kernel().any_wanted(columns, wanted, row)) collect(row);
  });
}

void OrderStatistics::collect(const double* row) {
  for (std::size_t column = 0; column < tally_.num_columns(); ++column) {
    if (std::isnan(row[column])) continue;
    const auto entry = wanted_[column].find(tally_.bin(column, row[column]));
    if (entry != wanted_[column].end()) entry->second.values.push_back(row[column]);
  }
}

void OrderStatistics::merge(const OrderStatistics& other) {
  for (std::size_t column = 0; column < wanted_.size(); ++column) {
    for (const auto& [bin, entry] : other.wanted_[column]) {
      std::vector<double>& values = wanted_[column].at(bin).values;
      values.insert(values.end(), entry.values.begin(), entry.values.end());
    }
  }
}

Bytes OrderStatistics::pack_values() const {
  ByteWriter writer;
  for (const auto& bins : wanted_) {
    for (const auto& [bin, entry] : bins)
      writer.put_all(std::span(entry.values));
  }
  return writer.take();
}

void OrderStatistics::merge_values(std::span<const std::byte> packed) {
  ByteReader reader(packed);
  for (auto& bins : wanted_) {
    for (auto& [bin, entry] : bins) {
      const std::vector<double> values = reader.take_vector<double>();
      entry.values.insert(entry.values.end(), values.begin(), values.end());
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
