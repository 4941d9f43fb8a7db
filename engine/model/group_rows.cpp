// SPDX-License-Identifier: MIT
#include "engine/model/group_rows.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace merit {
namespace {

/// Rows `from` of `source`, put behind `at` in `target`.
void copy_rows(const GroupRows& source,
               std::size_t group,
               Eigen::Index& at,
               GroupRows& target) {
  const std::int64_t count = source.first[group + 1] - source.first[group];
  target.z.middleRows(at, count) = source.z.middleRows(source.first[group], count);
  at += count;
}

}  // namespace

GroupRows group_rows(const Eigen::MatrixXd& z, const std::vector<double>& group) {
  std::vector<Eigen::Index> order(group.size());
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  const auto key_of = [&group](Eigen::Index row) {
    return group[static_cast<std::size_t>(row)];
  };
  std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) {
    return key_of(a) < key_of(b);
  });
  GroupRows rows;
  rows.z.resize(z.rows(), z.cols());
  for (Eigen::Index i = 0; i < z.rows(); ++i) {
    const Eigen::Index row = order[static_cast<std::size_t>(i)];
    if (rows.key.empty() || rows.key.back() != key_of(row)) {
      rows.key.push_back(key_of(row));
      rows.first.push_back(i);
    }
    rows.z.row(i) = z.row(row);
  }
  rows.first.push_back(z.rows());
  return rows;
}

GroupRows merge(const GroupRows& a, const GroupRows& b) {
  GroupRows sum;
  sum.z.resize(a.z.rows() + b.z.rows(), std::max(a.z.cols(), b.z.cols()));
  std::set_union(a.key.begin(),
                 a.key.end(),
                 b.key.begin(),
                 b.key.end(),
                 std::back_inserter(sum.key));
  Eigen::Index at = 0;
  std::size_t i = 0, k = 0;
  for (const double key : sum.key) {
    sum.first.push_back(at);
    if (i < a.key.size() && a.key[i] == key) copy_rows(a, i++, at, sum);
    if (k < b.key.size() && b.key[k] == key) copy_rows(b, k++, at, sum);
  }
  sum.first.push_back(at);
  return sum;
}

std::vector<std::byte> pack(const GroupRows& rows) {
  const std::int64_t shape[3] = {
      static_cast<std::int64_t>(rows.key.size()), rows.z.rows(), rows.z.cols()};
  const std::size_t sizes[4] = {sizeof shape,
                                rows.key.size() * sizeof(double),
                                rows.first.size() * sizeof(std::int64_t),
                                static_cast<std::size_t>(rows.z.size()) * sizeof(double)};
  const void* parts[4] = {shape, rows.key.data(), rows.first.data(), rows.z.data()};
  std::vector<std::byte> bytes(std::accumulate(sizes, sizes + 4, std::size_t{0}));
  std::byte* to = bytes.data();
  for (int part = 0; part < 4; ++part) {
    if (sizes[part] > 0) std::memcpy(to, parts[part], sizes[part]);
    to += sizes[part];
  }
  return bytes;
}

GroupRows unpack_group_rows(std::span<const std::byte> bytes) {
  std::int64_t shape[3];
  std::memcpy(shape, bytes.data(), sizeof shape);
  GroupRows rows;
  rows.key.resize(static_cast<std::size_t>(shape[0]));
  rows.first.resize(rows.key.size() + 1);
  rows.z.resize(shape[1], shape[2]);
  const std::byte* from = bytes.data() + sizeof shape;
  const auto take = [&from](void* to, std::size_t size) {
    if (size > 0) std::memcpy(to, from, size);
    from += size;
  };
  take(rows.key.data(), rows.key.size() * sizeof(double));
  take(rows.first.data(), rows.first.size() * sizeof(std::int64_t));
  take(rows.z.data(), static_cast<std::size_t>(rows.z.size()) * sizeof(double));
  return rows;
}

}  // namespace merit
