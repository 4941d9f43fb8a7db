// SPDX-License-Identifier: MIT
#include "engine/model/group_moments.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "engine/model/moments_kernel.hpp"
#include "engine/simd/level.hpp"

namespace merit {
namespace {

using Eigen::Index;

/// Rows of a block assigned to its own groups 0 … g−1, in ascending order of key.
struct LocalGroups {
  std::vector<double> key;           // g
  std::vector<std::int32_t> of_row;  // rows
};

// Keys are category codes most of the time: then a table finds the groups in one pass.
constexpr double kLargestTableKey = 1 << 18;

LocalGroups local_groups(const std::vector<double>& group) {
  LocalGroups local;
  local.of_row.resize(group.size());
  const bool small_codes = std::all_of(group.begin(), group.end(), [](double key) {
    return key >= 0 && key < kLargestTableKey && key == std::floor(key);
  });
  if (small_codes) {
    const double largest = *std::max_element(group.begin(), group.end());
    std::vector<std::int32_t> index(static_cast<std::size_t>(largest) + 1, -1);
    for (const double key : group)
      index[static_cast<std::size_t>(key)] = 0;
    for (std::size_t code = 0; code < index.size(); ++code) {
      if (index[code] < 0) continue;
      index[code] = static_cast<std::int32_t>(local.key.size());
      local.key.push_back(static_cast<double>(code));
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
      local.of_row[i] = index[static_cast<std::size_t>(group[i])];
    }
    return local;
  }
  local.key = group;
  std::sort(local.key.begin(), local.key.end());
  local.key.erase(std::unique(local.key.begin(), local.key.end()), local.key.end());
  for (std::size_t i = 0; i < group.size(); ++i) {
    const auto found = std::lower_bound(local.key.begin(), local.key.end(), group[i]);
    local.of_row[i] = static_cast<std::int32_t>(found - local.key.begin());
  }
  return local;
}

/// Packed position of (a, b), b ≤ a, in a lower triangle stored row by row.
Index packed(Index a, Index b) {
  return a * (a + 1) / 2 + b;
}

double median(double a, double b, double c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

/// Memory of one thread's blocks, kept between calls.
struct Workspace {
  std::vector<double> origin, sum, cross, excess, tile;
  std::vector<std::int32_t> group;
  std::vector<std::int64_t> next;
  std::vector<double> gathered;
};

/// The block's rows in group order, so that each group is one run: gathers columns.
void sort_by_group(const Eigen::MatrixXd& z,
                   const std::vector<std::int32_t>& of_row,
                   const std::vector<std::int64_t>& first,
                   Workspace& work) {
  const auto count = static_cast<std::size_t>(z.rows());
  std::vector<std::int64_t> position(count);
  work.next = first;
  work.group.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    position[i] = work.next[static_cast<std::size_t>(of_row[i])]++;
    work.group[static_cast<std::size_t>(position[i])] = of_row[i];
  }
  work.gathered.resize(count * static_cast<std::size_t>(z.cols()));
  for (Index a = 0; a < z.cols(); ++a) {
    double* to = work.gathered.data() + a * z.rows();
    for (std::size_t i = 0; i < count; ++i) {
      to[position[i]] = z(static_cast<Index>(i), a);
    }
  }
}

}  // namespace

MomentsKernel moments_kernel(SimdLevel level) {
  return at_level(
      level, simd_v2::moments_kernel, simd_v3::moments_kernel, simd_v4::moments_kernel)();
}

GroupMoments group_moments(const Eigen::MatrixXd& z,
                           const std::vector<double>& group,
                           WithinDetail detail,
                           SimdLevel simd) {
  const Index p1 = z.cols();
  const bool per_group = detail == WithinDetail::per_group;
  GroupMoments moments;
  if (z.rows() == 0) {
    moments.size.resize(0);
    moments.origin.resize(p1, 0);
    moments.offset.resize(p1, 0);
    if (per_group) {
      moments.group_within.resize(packed(p1, 0), 0);
    } else {
      moments.within = Eigen::MatrixXd::Zero(p1, p1);
    }
    return moments;
  }
  const LocalGroups local = local_groups(group);
  const auto g = static_cast<Index>(local.key.size());
  const auto stride = static_cast<int>((p1 + 7) / 8 * 8);
  const MomentsKernel kernel = moments_kernel(simd);
  static thread_local Workspace work;

  moments.key = local.key;
  moments.size = Eigen::VectorXd::Zero(g);
  moments.origin.resize(p1, g);
  const auto cells = static_cast<std::size_t>(g * stride);
  work.origin.assign(cells, 0.0);
  Eigen::MatrixXd second(p1, g);
  for (Index i = 0; i < z.rows(); ++i) {
    const Index j = local.of_row[static_cast<std::size_t>(i)];
    const double before = moments.size[j]++;
    if (before > 2.0) continue;
    if (before == 0.0) {
      moments.origin.col(j) = z.row(i);
    } else if (before == 1.0) {
      second.col(j) = z.row(i);
    } else {
      for (Index a = 0; a < p1; ++a)
        moments.origin(a, j) = median(moments.origin(a, j), second(a, j), z(i, a));
    }
  }
  for (Index j = 0; j < g; ++j)
    std::copy_n(moments.origin.col(j).data(), p1, work.origin.data() + j * stride);
  work.sum.assign(cells, 0.0);
  work.tile.assign(static_cast<std::size_t>(kMomentsTile * stride), 0.0);
  const auto square = static_cast<std::size_t>(stride * stride);
  const MomentsSums sums{static_cast<int>(p1),
                         stride,
                         work.origin.data(),
                         work.sum.data(),
                         nullptr,
                         work.tile.data()};
  std::vector<const double*> columns(static_cast<std::size_t>(p1));

  // Sums about the origins; `finish` moves the products to the means: W = Σ dd' − n δδ'.
  const auto add = [&](const std::int32_t* of_row, Index begin, Index count) {
    work.cross.assign(square, 0.0);
    MomentsSums to = sums;
    to.cross = work.cross.data();
    kernel.add_rows(to, columns.data(), of_row + begin, count);
  };
  const auto finish = [&](Index first_group, Index num_groups, auto&& put) {
    for (Index j = first_group; j < first_group + num_groups; ++j) {
      double* sum = work.sum.data() + j * stride;
      for (Index a = 0; a < p1; ++a) {
        moments.offset(a, j) = sum[a] / moments.size[j];
        sum[a] /= std::sqrt(moments.size[j]);
      }
    }
    work.excess.assign(square, 0.0);
    kernel.add_products(
        work.sum.data() + first_group * stride, num_groups, stride, work.excess.data());
    for (Index a = 0; a < p1; ++a) {
      for (Index b = 0; b <= a; ++b) {
        const auto at = static_cast<std::size_t>(a * stride + b);
        put(a, b, work.cross[at] - work.excess[at]);
      }
    }
  };

  moments.offset.resize(p1, g);
  if (!per_group) {
    for (Index a = 0; a < p1; ++a)
      columns[static_cast<std::size_t>(a)] = z.col(a).data();
    add(local.of_row.data(), 0, z.rows());
    moments.within.resize(p1, p1);
    finish(0, g, [&](Index a, Index b, double value) {
      moments.within(a, b) = moments.within(b, a) = value;
    });
    return moments;
  }
  std::vector<std::int64_t> first(static_cast<std::size_t>(g), 0);
  for (std::size_t j = 1; j < first.size(); ++j) {
    first[j] =
        first[j - 1] + static_cast<std::int64_t>(moments.size[static_cast<Index>(j) - 1]);
  }
  sort_by_group(z, local.of_row, first, work);
  moments.group_within.resize(packed(p1, 0), g);
  for (Index j = 0; j < g; ++j) {
    const Index begin = first[static_cast<std::size_t>(j)];
    for (Index a = 0; a < p1; ++a) {
      columns[static_cast<std::size_t>(a)] = work.gathered.data() + a * z.rows() + begin;
    }
    add(work.group.data(), begin, static_cast<Index>(moments.size[j]));
    finish(j, 1, [&](Index a, Index b, double value) {
      moments.group_within(packed(a, b), j) = value;
    });
  }
  return moments;
}

GroupMoments merge(const GroupMoments& a, const GroupMoments& b) {
  const Index p1 = a.num_columns();
  const bool per_group = a.group_within.rows() > 0;
  std::vector<double> key;
  key.reserve(a.key.size() + b.key.size());
  std::set_union(
      a.key.begin(), a.key.end(), b.key.begin(), b.key.end(), std::back_inserter(key));
  const auto g = static_cast<Index>(key.size());
  GroupMoments sum;
  sum.size.resize(g);
  sum.origin.resize(p1, g);
  sum.offset.resize(p1, g);
  if (per_group) {
    sum.group_within.resize(a.group_within.rows(), g);
  } else {
    sum.within = a.within + b.within;
  }
  Index i = 0, k = 0;
  for (Index j = 0; j < g; ++j) {
    const double id = key[static_cast<std::size_t>(j)];
    const bool in_a = i < a.size.size() && a.key[static_cast<std::size_t>(i)] == id;
    const bool in_b = k < b.size.size() && b.key[static_cast<std::size_t>(k)] == id;
    const GroupMoments& from = in_a ? a : b;
    const Index at = in_a ? i : k;
    sum.size[j] = from.size[at];
    sum.origin.col(j) = from.origin.col(at);
    sum.offset.col(j) = from.offset.col(at);
    if (per_group) sum.group_within.col(j) = from.group_within.col(at);
    if (in_a && in_b) {
      const double n = a.size[i] + b.size[k];
      const Eigen::VectorXd delta =
          (b.origin.col(k) - a.origin.col(i)) + (b.offset.col(k) - a.offset.col(i));
      const double weight = a.size[i] * b.size[k] / n;
      sum.size[j] = n;
      sum.offset.col(j) += delta * (b.size[k] / n);
      if (per_group) {
        sum.group_within.col(j) += b.group_within.col(k);
        for (Index r = 0; r < p1; ++r) {
          for (Index c = 0; c <= r; ++c) {
            sum.group_within(packed(r, c), j) += weight * delta[r] * delta[c];
          }
        }
      } else {
        sum.within.noalias() += (weight * delta) * delta.transpose();
      }
    }
    i += in_a;
    k += in_b;
  }
  sum.key = std::move(key);
  return sum;
}

std::vector<std::byte> pack(const GroupMoments& moments) {
  const std::int64_t shape[3] = {
      moments.num_columns(), moments.size.size(), moments.group_within.rows()};
  std::vector<std::byte> bytes(sizeof shape);
  std::memcpy(bytes.data(), shape, sizeof shape);
  const auto append = [&bytes](const double* values, Index count) {
    const std::size_t at = bytes.size();
    const std::size_t more = static_cast<std::size_t>(count) * sizeof(double);
    bytes.resize(at + more);
    if (more > 0) std::memcpy(bytes.data() + at, values, more);
  };
  append(moments.key.data(), moments.size.size());
  append(moments.size.data(), moments.size.size());
  append(moments.origin.data(), moments.origin.size());
  append(moments.offset.data(), moments.offset.size());
  append(moments.within.data(), moments.within.size());
  append(moments.group_within.data(), moments.group_within.size());
  return bytes;
}

GroupMoments unpack_group_moments(std::span<const std::byte> bytes) {
  std::int64_t shape[3];
  std::memcpy(shape, bytes.data(), sizeof shape);
  const auto [p1, g, packed_rows] = shape;
  GroupMoments moments;
  moments.key.resize(static_cast<std::size_t>(g));
  moments.size.resize(g);
  moments.origin.resize(p1, g);
  moments.offset.resize(p1, g);
  if (packed_rows > 0) {
    moments.group_within.resize(packed_rows, g);
  } else {
    moments.within.resize(p1, p1);
  }
  std::size_t at = sizeof shape;
  const auto take = [&](double* values, Index count) {
    const std::size_t size = static_cast<std::size_t>(count) * sizeof(double);
    if (size > 0) std::memcpy(values, bytes.data() + at, size);
    at += size;
  };
  take(moments.key.data(), g);
  take(moments.size.data(), g);
  take(moments.origin.data(), moments.origin.size());
  take(moments.offset.data(), moments.offset.size());
  take(moments.within.data(), moments.within.size());
  take(moments.group_within.data(), moments.group_within.size());
  return moments;
}

GroupedStats grouped_stats(const GroupMoments& moments, bool has_intercept) {
  const Index p1 = moments.num_columns();
  const Index g = moments.size.size();
  GroupedStats stats;
  stats.has_intercept = has_intercept;
  stats.key = moments.key;
  stats.size = moments.size;
  // The grand mean, from the first group's origin, so that it is right to the last digit.
  stats.origin = Eigen::VectorXd::Zero(p1);
  if (g > 0 && has_intercept) {
    const Eigen::VectorXd base = moments.origin.col(0);
    Eigen::VectorXd total = Eigen::VectorXd::Zero(p1);
    for (Index j = 0; j < g; ++j) {
      total += moments.size[j] * ((moments.origin.col(j) - base) + moments.offset.col(j));
    }
    stats.origin = base + total / moments.size.sum();
    stats.origin[0] = 0.0;
  }
  stats.mean.resize(p1, g);
  for (Index j = 0; j < g; ++j) {
    stats.mean.col(j) = (moments.origin.col(j) - stats.origin) + moments.offset.col(j);
  }
  if (moments.group_within.rows() == 0) {
    stats.within = moments.within;
    return stats;
  }
  stats.within = Eigen::MatrixXd::Zero(p1, p1);
  for (Index j = 0; j < g; ++j) {
    Eigen::MatrixXd within(p1, p1);
    for (Index a = 0; a < p1; ++a) {
      for (Index b = 0; b <= a; ++b) {
        within(a, b) = within(b, a) = moments.group_within(packed(a, b), j);
      }
    }
    stats.within += within;
    stats.group_within.push_back(std::move(within));
  }
  return stats;
}

}  // namespace merit
