// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <Eigen/Dense>

namespace merit {

/// Rows per pack; what the kernels work on at a time.
inline constexpr std::int64_t kPackRows = 8;

/// The largest count, number of trials or category (absolute value) that a row can have.
inline constexpr double kLargestCount = 2147483647.0;  // 2³¹ − 1

/// The rows of a model without a sufficient statistic, laid out for the quadrature kernels:
/// in the order of the groups, each group padded to whole packs of eight rows. A pack's
/// columns lie one behind the other (8 of x₁, 8 of x₂, …), so that a pass over the rows is
/// one stream of memory whatever p is. Rows that pad have x = 0, offset = 0, y = −1,
/// trials = 0, weight = 0.
///
/// A plain value that points to rows it may share with other ranks of its node; PackedRowsWriter
/// puts them there.
struct PackedRows {
  Eigen::Index num_fixed = 0;            ///< p
  std::vector<double> key;               ///< J, ascending
  std::vector<std::int64_t> size;        ///< J, rows of the group
  std::vector<std::int64_t> first_pack;  ///< J + 1
  Eigen::VectorXd origin;                ///< p, subtracted from the columns

  const double* x = nullptr;             ///< packs × p × 8, relative to `origin`
  const double* offset = nullptr;        ///< packs × 8; null: 0
  const std::int32_t* y = nullptr;       ///< packs × 8, response as the family counts it
  const std::int32_t* trials = nullptr;  ///< packs × 8, binomial; null: 1
  const double* weight = nullptr;        ///< packs × 8, scaled sampling weights; null: 1
  std::vector<double> group_weight;      ///< J, sampling weights of groups; empty: 1
  std::shared_ptr<void> memory;          ///< what the rows lie in

  std::int64_t num_groups() const { return static_cast<std::int64_t>(size.size()); }
  std::int64_t num_packs() const { return first_pack.empty() ? 0 : first_pack.back(); }
  std::int64_t num_obs() const;
  std::int64_t largest_group() const;                 ///< in packs
  std::int64_t first_row(std::int64_t group) const {  ///< as an index of y
    return first_pack[static_cast<std::size_t>(group)] * kPackRows;
  }
  double offset_of(std::int64_t row) const {
    return offset == nullptr ? 0.0 : offset[row];
  }
  double trials_of(std::int64_t row) const {
    return trials == nullptr ? 1.0 : trials[row];
  }
  bool is_weighted() const { return weight != nullptr || !group_weight.empty(); }
  double weight_of(std::int64_t row) const {
    return weight == nullptr ? 1.0 : weight[row];
  }
  double weight_of_group(std::int64_t group) const {
    return group_weight.empty() ? 1.0 : group_weight[static_cast<std::size_t>(group)];
  }
  /// Column `a` of a row.
  double x_of(std::int64_t row, Eigen::Index a) const {
    return x[(row / kPackRows * num_fixed + a) * kPackRows + row % kPackRows];
  }
};

/// Where the rows of these groups will lie, without the rows.
/// @param origin  p, to be subtracted from the columns
PackedRows lay_out_rows(std::vector<double> key,
                        std::vector<std::int64_t> size,
                        const Eigen::VectorXd& origin);

/// Which columns are not the same in all rows, and need memory.
struct PackedColumns {
  bool offset = false;
  bool trials = false;
  bool weight = false;
};

/// Bytes that the rows take.
std::int64_t packed_bytes(const PackedRows& layout, PackedColumns columns);

/// Memory of this process alone, on a cache line.
std::shared_ptr<void> allocate_rows(std::int64_t bytes);

/// One row on its way.
struct ModelRow {
  const double* const* x;  ///< p columns as they are
  std::int64_t at;         ///< where in the columns
  double offset, trials, y;
  double weight = 1.0;
};

/// Puts rows where they belong. Threads, and ranks that share the memory, may do that at once,
/// each with rows of its own.
class PackedRowsWriter {
 public:
  /// @param rows    laid out; pointed to `memory`
  /// @param memory  packed_bytes(), on a cache line
  PackedRowsWriter(PackedRows& rows, PackedColumns columns, std::shared_ptr<void> memory);

  /// Row `row` of `group`.
  void put(std::int64_t group, std::int64_t row, const ModelRow& values) const;

  /// Row `to` (as an index of y) becomes row `from` of other rows with the same columns.
  void copy(const PackedRows& other, std::int64_t from, std::int64_t to) const;

  /// The rows that pad a group.
  void pad(std::int64_t group) const;

  std::int32_t* y() const { return y_; }

 private:
  const PackedRows* rows_;
  double *x_, *offset_, *weight_;
  std::int32_t *y_, *trials_;
};

}  // namespace merit
