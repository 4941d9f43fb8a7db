// SPDX-License-Identifier: MIT
#include "engine/model/group_moments.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "engine/model/moments_builder.hpp"
#include "engine/model/moments_kernel.hpp"
#include "engine/model/table.hpp"
#include "engine/simd/level.hpp"

namespace merit {
using Eigen::Index;

MomentsKernel moments_kernel(SimdLevel level) {
  return at_level(
      level, simd_v2::moments_kernel, simd_v3::moments_kernel, simd_v4::moments_kernel)();
}

GroupMoments group_moments(const Eigen::MatrixXd& z,
                           const std::vector<double>& group,
                           WithinDetail detail,
                           SimdLevel simd) {
  MomentsBuilder builder(z.cols(), false, detail, simd);
  std::vector<const double*> columns(static_cast<std::size_t>(z.cols()));
  for (Index first = 0; first < z.rows(); first += kStripRows) {
    for (Index a = 0; a < z.cols(); ++a)
      columns[static_cast<std::size_t>(a)] = z.col(a).data() + first;
    builder.add(columns, group.data() + first, std::min(kStripRows, z.rows() - first));
  }
  return builder.take();
}

GroupMoments merge(const GroupMoments& a, const GroupMoments& b, SimdLevel simd) {
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
  if (per_group) sum.group_within.resize(a.group_within.rows(), g);
  const auto stride = static_cast<int>((p1 + 3) / 4 * 4);
  std::vector<double> rows;  // √(n_a n_b / n) δ of the groups in both
  rows.reserve(per_group ? 0 : key.size() * static_cast<std::size_t>(stride));
  Eigen::VectorXd delta(p1);
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
      delta = (b.origin.col(k) - a.origin.col(i)) + (b.offset.col(k) - a.offset.col(i));
      const double weight = a.size[i] * b.size[k] / n;
      sum.size[j] = n;
      sum.offset.col(j) += delta * (b.size[k] / n);
      if (per_group) {
        sum.group_within.col(j) += b.group_within.col(k);
        for (Index r = 0; r < p1; ++r) {
          for (Index c = 0; c <= r; ++c)
            sum.group_within(packed_index(r, c), j) += weight * delta[r] * delta[c];
        }
      } else {
        delta *= std::sqrt(weight);
        rows.insert(rows.end(), delta.data(), delta.data() + p1);
        rows.resize(rows.size() + static_cast<std::size_t>(stride - p1), 0.0);
      }
    }
    i += in_a;
    k += in_b;
  }
  sum.key = std::move(key);
  if (per_group) return sum;
  const auto columns = static_cast<int>(p1);
  std::vector<double> cross(static_cast<std::size_t>(cross_size(columns)), 0.0);
  std::vector<double> tile(static_cast<std::size_t>(tile_size(columns)));
  moments_kernel(simd).add_products({columns, nullptr, cross.data(), tile.data()},
                                    rows.data(),
                                    stride,
                                    std::ssize(rows) / stride);
  sum.within = a.within + b.within;
  const double* product = cross.data();
  for (Index r = 0; r < p1; ++r) {
    for (Index c = 0; c <= r; ++c, product += kMomentsSums) {
      sum.within(r, c) += cross_total(product);
      sum.within(c, r) = sum.within(r, c);
    }
  }
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

GroupMoments select_columns(const GroupMoments& moments,
                            const std::vector<Index>& columns) {
  GroupMoments out;
  out.key = moments.key;
  out.size = moments.size;
  out.origin = moments.origin(columns, Eigen::all);
  out.offset = moments.offset(columns, Eigen::all);
  if (moments.group_within.rows() == 0) {
    out.within = moments.within(columns, columns);
    return out;
  }
  std::vector<Index> packed;
  for (std::size_t a = 0; a < columns.size(); ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      const auto [low, high] = std::minmax(columns[a], columns[b]);
      packed.push_back(packed_index(high, low));
    }
  }
  out.group_within = moments.group_within(packed, Eigen::all);
  return out;
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
        within(a, b) = within(b, a) = moments.group_within(packed_index(a, b), j);
      }
    }
    stats.within += within;
    stats.group_within.push_back(std::move(within));
  }
  return stats;
}

}  // namespace merit
