// SPDX-License-Identifier: MIT
#include "engine/model/moments_builder.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>

namespace merit {
namespace {

using Eigen::Index;

// Keys are category codes most of the time: then a table finds their groups.
constexpr double kNumCodes = 1 << 18;

bool is_code(double key) {
  return key >= 0.0 && key < kNumCodes && key == std::floor(key);
}

double median(double a, double b, double c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

}  // namespace

MomentsBuilder::MomentsBuilder(Index num_columns,
                               bool has_intercept,
                               WithinDetail detail,
                               SimdLevel simd)
    : first_(has_intercept ? 1 : 0),
      num_(static_cast<int>(num_columns) - first_),
      per_group_(detail == WithinDetail::per_group),
      kernel_(moments_kernel(simd)),
      cross_(per_group_ ? 0 : static_cast<std::size_t>(cross_size(num_)), 0.0),
      tile_(static_cast<std::size_t>(tile_size(num_))) {}

MomentsSums MomentsBuilder::sums() {
  return {num_, cells_.data(), cross_.data(), tile_.data()};
}

std::size_t MomentsBuilder::new_group(double key) {
  key_.push_back(key + 0.0);  // one zero, not two
  size_.push_back(0);
  return key_.size() - 1;
}

std::size_t MomentsBuilder::find_group(double key) {
  if (is_code(key)) {
    const auto code = static_cast<std::size_t>(key);
    if (code >= of_code_.size()) of_code_.resize(2 * code + 64, -1);
    if (of_code_[code] < 0) of_code_[code] = static_cast<std::int32_t>(new_group(key));
    return static_cast<std::size_t>(of_code_[code]);
  }
  const auto [entry, is_new] = of_key_.try_emplace(key, 0);
  if (is_new) entry->second = new_group(key);
  return entry->second;
}

void MomentsBuilder::find_groups(const double* group, std::int64_t num_rows) {
  at_.resize(static_cast<std::size_t>(num_rows));
  early_.clear();
  const std::int32_t cells = group_cells(num_);
  for (std::int64_t i = 0; i < num_rows;) {
    // As far as groups are known by their codes; what is in registers stays there.
    const std::int32_t* of_code = of_code_.data();
    const auto num_codes = static_cast<double>(of_code_.size());
    std::int64_t* size = size_.data();
    std::int32_t* at = at_.data();
    for (; i < num_rows; ++i) {
      const double key = group[i];
      if (!(key >= 0.0 && key < num_codes)) break;
      const auto code = static_cast<std::int32_t>(key);
      const std::int32_t found = of_code[code];
      if (found < 0 || static_cast<double>(code) != key || size[found] < 3) break;
      at[i] = found * cells;
      ++size[found];
    }
    if (i == num_rows) return;
    const std::size_t found = find_group(group[i]);
    at_[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(found) * cells;
    if (++size_[found] <= 3) early_.push_back({found, i});
    ++i;
  }
}

void MomentsBuilder::choose_origins(const double* const* columns, std::size_t num_known) {
  if (key_.size() == num_known) return;
  const auto cells = static_cast<std::size_t>(group_cells(num_));
  cells_.resize(key_.size() * cells, 0.0);
  std::vector<std::array<std::int64_t, 3>> rows(key_.size() - num_known);
  std::vector<std::size_t> found(rows.size(), 0);
  for (const EarlyRow& early : early_) {
    if (early.group < num_known) continue;
    const std::size_t fresh = early.group - num_known;
    rows[fresh][found[fresh]++] = early.row;
  }
  for (std::size_t fresh = 0; fresh < rows.size(); ++fresh) {
    double* origin = cells_.data() + (num_known + fresh) * cells;
    const auto& [r0, r1, r2] = rows[fresh];
    for (int a = 0; a < num_; ++a) {
      const double* z = columns[a];
      origin[cell(a)] = found[fresh] < 3 ? z[r0] : median(z[r0], z[r1], z[r2]);
    }
  }
}

void MomentsBuilder::add(std::span<const double* const> columns,
                         const double* group,
                         std::int64_t num_rows) {
  assert(std::ssize(columns) == num_ + first_);
  if (num_rows == 0) return;
  const double* const* summed = columns.data() + first_;
  const std::size_t num_known = key_.size();
  find_groups(group, num_rows);
  choose_origins(summed, num_known);
  if (per_group_) {
    const std::size_t width = (static_cast<std::size_t>(num_) + 7) / 8 * 8;
    cross_.resize(key_.size() * static_cast<std::size_t>(num_) * width, 0.0);
    kernel_.add_rows_apart(sums(), summed, at_.data(), num_rows);
  } else {
    kernel_.add_rows(sums(), summed, at_.data(), num_rows);
  }
}

std::vector<std::size_t> MomentsBuilder::groups_in_order() const {
  std::vector<std::size_t> order;
  order.reserve(key_.size());
  if (of_key_.empty()) {
    for (const std::int32_t group : of_code_) {
      if (group >= 0) order.push_back(static_cast<std::size_t>(group));
    }
    return order;
  }
  order.resize(key_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return key_[a] < key_[b];
  });
  return order;
}

GroupMoments MomentsBuilder::take() {
  const Index p1 = num_ + first_;
  const auto g = static_cast<Index>(key_.size());
  const std::vector<std::size_t> order = groups_in_order();
  GroupMoments moments;
  moments.key.resize(key_.size());
  moments.size.resize(g);
  moments.origin = Eigen::MatrixXd::Ones(p1, g);  // of an intercept: 1
  moments.offset = Eigen::MatrixXd::Zero(p1, g);
  for (Index j = 0; j < g; ++j) {
    const std::size_t group = order[static_cast<std::size_t>(j)];
    const double* cells =
        cells_.data() + group * static_cast<std::size_t>(group_cells(num_));
    moments.key[static_cast<std::size_t>(j)] = key_[group];
    moments.size[j] = static_cast<double>(size_[group]);
    for (int a = 0; a < num_; ++a) {
      moments.origin(first_ + a, j) = cells[cell(a)];
      moments.offset(first_ + a, j) = cells[cell(a) + kCellOfSum] / moments.size[j];
    }
  }
  if (per_group_) {
    take_apart(order, moments);
  } else {
    take_pooled(moments);
  }
  clear();
  return moments;
}

void MomentsBuilder::clear() {
  key_.clear();
  size_.clear();
  cells_.clear();
  std::fill(cross_.begin(), cross_.end(), 0.0);
  if (per_group_) cross_.clear();
  std::fill(of_code_.begin(), of_code_.end(), -1);
  of_key_.clear();
}

void MomentsBuilder::take_pooled(GroupMoments& moments) {
  // √n_j δ_j of the groups: the rows of what is subtracted.
  const int stride = (num_ + 3) / 4 * 4;
  const auto g = moments.size.size();
  std::vector<double> rows(static_cast<std::size_t>(g * stride), 0.0);
  for (Index j = 0; j < g; ++j) {
    const double root = std::sqrt(moments.size[j]);
    double* row = rows.data() + j * stride;
    for (int a = 0; a < num_; ++a)
      row[a] = root * moments.offset(first_ + a, j);
  }
  std::vector<double> excess(cross_.size(), 0.0);
  MomentsSums to = sums();
  to.cross = excess.data();
  kernel_.add_products(to, rows.data(), stride, g);
  moments.within = Eigen::MatrixXd::Zero(num_ + first_, num_ + first_);
  const double* product = cross_.data();
  const double* subtracted = excess.data();
  for (Index a = first_; a < num_ + first_; ++a) {
    for (Index b = first_; b <= a; ++b) {
      moments.within(a, b) = moments.within(b, a) =
          cross_total(product) - cross_total(subtracted);
      product += kMomentsSums;
      subtracted += kMomentsSums;
    }
  }
}

void MomentsBuilder::take_apart(std::span<const std::size_t> order,
                                GroupMoments& moments) {
  const Index width = (num_ + 7) / 8 * 8;
  moments.group_within =
      Eigen::MatrixXd::Zero(packed_index(num_ + first_, 0), std::ssize(order));
  for (Index j = 0; j < std::ssize(order); ++j) {
    const auto group = static_cast<Index>(order[static_cast<std::size_t>(j)]);
    const double* cross = cross_.data() + group * num_ * width;
    const auto delta = moments.offset.col(j).tail(num_);
    for (Index a = 0; a < num_; ++a) {
      for (Index b = 0; b <= a; ++b) {
        moments.group_within(packed_index(a + first_, b + first_), j) =
            cross[a * width + b] - moments.size[j] * delta[a] * delta[b];
      }
    }
  }
}

}  // namespace merit
