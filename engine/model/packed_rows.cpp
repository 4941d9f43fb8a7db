// SPDX-License-Identifier: MIT
#include "engine/model/packed_rows.hpp"

#include <algorithm>
#include <new>
#include <numeric>
#include <utility>

namespace merit {
namespace {

constexpr std::int64_t kLine = 64;

/// Bytes of one array, up to the next cache line.
template <class T>
std::int64_t array_bytes(std::int64_t count) {
  const auto bytes = count * static_cast<std::int64_t>(sizeof(T));
  return (bytes + kLine - 1) / kLine * kLine;
}

}  // namespace

std::int64_t PackedRows::num_obs() const {
  return std::accumulate(size.begin(), size.end(), std::int64_t{0});
}

std::int64_t PackedRows::largest_group() const {
  std::int64_t largest = 0;
  for (std::size_t j = 0; j + 1 < first_pack.size(); ++j)
    largest = std::max(largest, first_pack[j + 1] - first_pack[j]);
  return largest;
}

PackedRows lay_out_rows(std::vector<double> key,
                        std::vector<std::int64_t> size,
                        const Eigen::VectorXd& origin) {
  PackedRows rows;
  rows.num_fixed = origin.size();
  rows.origin = origin;
  rows.key = std::move(key);
  rows.size = std::move(size);
  rows.first_pack.reserve(rows.size.size() + 1);
  rows.first_pack.push_back(0);
  for (const std::int64_t n : rows.size)
    rows.first_pack.push_back(rows.first_pack.back() + (n + kPackRows - 1) / kPackRows);
  return rows;
}

std::int64_t packed_bytes(const PackedRows& layout, PackedColumns columns) {
  const std::int64_t padded = layout.num_packs() * kPackRows;
  return array_bytes<double>(padded * layout.num_fixed) +
         (columns.offset ? array_bytes<double>(padded) : 0) +
         (columns.weight ? array_bytes<double>(padded) : 0) +
         array_bytes<std::int32_t>(padded) * (columns.trials ? 2 : 1);
}

std::shared_ptr<void> allocate_rows(std::int64_t bytes) {
  constexpr std::align_val_t kAtLines{kLine};
  return {::operator new(static_cast<std::size_t>(bytes), kAtLines),
          [](void* memory) { ::operator delete(memory, kAtLines); }};
}

PackedRowsWriter::PackedRowsWriter(PackedRows& rows,
                                   PackedColumns columns,
                                   std::shared_ptr<void> memory)
    : rows_(&rows), offset_(nullptr), weight_(nullptr), trials_(nullptr) {
  const std::int64_t padded = rows.num_packs() * kPackRows;
  auto* at = static_cast<std::byte*>(memory.get());
  x_ = reinterpret_cast<double*>(at);
  at += array_bytes<double>(padded * rows.num_fixed);
  if (columns.offset) {
    offset_ = reinterpret_cast<double*>(at);
    at += array_bytes<double>(padded);
  }
  if (columns.weight) {
    weight_ = reinterpret_cast<double*>(at);
    at += array_bytes<double>(padded);
  }
  y_ = reinterpret_cast<std::int32_t*>(at);
  at += array_bytes<std::int32_t>(padded);
  if (columns.trials) trials_ = reinterpret_cast<std::int32_t*>(at);
  rows.x = x_;
  rows.offset = offset_;
  rows.y = y_;
  rows.trials = trials_;
  rows.weight = weight_;
  rows.memory = std::move(memory);
}

void PackedRowsWriter::put(std::int64_t group,
                           std::int64_t row,
                           const ModelRow& values) const {
  const std::int64_t to = rows_->first_row(group) + row, p = rows_->num_fixed;
  double* x = x_ + to / kPackRows * p * kPackRows + to % kPackRows;
  for (std::int64_t a = 0; a < p; ++a)
    x[a * kPackRows] = values.x[a][values.at] - rows_->origin[a];
  if (offset_ != nullptr) offset_[to] = values.offset;
  if (weight_ != nullptr) weight_[to] = values.weight;
  if (trials_ != nullptr) trials_[to] = static_cast<std::int32_t>(values.trials);
  y_[to] = static_cast<std::int32_t>(values.y);
}

void PackedRowsWriter::copy(const PackedRows& other,
                            std::int64_t from,
                            std::int64_t to) const {
  const std::int64_t p = rows_->num_fixed;
  double* x = x_ + to / kPackRows * p * kPackRows + to % kPackRows;
  for (std::int64_t a = 0; a < p; ++a)
    x[a * kPackRows] = other.x_of(from, a);
  if (offset_ != nullptr) offset_[to] = other.offset[from];
  if (weight_ != nullptr) weight_[to] = other.weight[from];
  if (trials_ != nullptr) trials_[to] = other.trials[from];
  y_[to] = other.y[from];
}

void PackedRowsWriter::pad(std::int64_t group) const {
  const std::int64_t p = rows_->num_fixed;
  const std::int64_t end = rows_->first_row(group + 1);
  std::int64_t row =
      rows_->first_row(group) + rows_->size[static_cast<std::size_t>(group)];
  for (; row < end; ++row) {
    double* x = x_ + row / kPackRows * p * kPackRows + row % kPackRows;
    for (std::int64_t a = 0; a < p; ++a)
      x[a * kPackRows] = 0.0;
    if (offset_ != nullptr) offset_[row] = 0.0;
    if (weight_ != nullptr) weight_[row] = 0.0;
    if (trials_ != nullptr) trials_[row] = 0;
    y_[row] = -1;
  }
}

}  // namespace merit
