// SPDX-License-Identifier: MIT
#include "engine/model/packed_rows.hpp"

#include <algorithm>
#include <numeric>

namespace merit {

std::int64_t PackedRows::num_obs() const {
  return std::accumulate(size.begin(), size.end(), std::int64_t{0});
}

std::int64_t PackedRows::largest_group() const {
  std::int64_t largest = 0;
  for (std::size_t j = 0; j + 1 < first_pack.size(); ++j)
    largest = std::max(largest, first_pack[j + 1] - first_pack[j]);
  return largest;
}

PackedRows pack_rows(const GroupRows& rows,
                     const std::vector<Eigen::Index>& columns,
                     const Eigen::VectorXd& origin) {
  PackedRows out;
  out.num_fixed = static_cast<Eigen::Index>(columns.size());
  out.key = rows.key;
  out.origin = origin;
  out.first_pack.push_back(0);
  for (std::size_t j = 0; j + 1 < rows.first.size(); ++j) {
    const std::int64_t size = rows.first[j + 1] - rows.first[j];
    out.size.push_back(size);
    out.first_pack.push_back(out.first_pack.back() + (size + kPackRows - 1) / kPackRows);
  }
  const std::int64_t p = out.num_fixed;
  const auto padded = static_cast<std::size_t>(out.num_packs() * kPackRows);
  out.x.assign(padded * static_cast<std::size_t>(p), 0.0);
  out.offset.assign(padded, kPadOffset);
  out.y.assign(padded, 0.0);
  out.trials.assign(padded, 0.0);
  const Eigen::Index side = rows.z.cols() - kSideColumns;
  for (std::size_t j = 0; j < out.size.size(); ++j) {
    for (std::int64_t i = 0; i < out.size[j]; ++i) {
      const std::int64_t row = rows.first[j] + i;
      const std::int64_t pack = out.first_pack[j] + i / kPackRows, lane = i % kPackRows;
      const auto at = static_cast<std::size_t>(pack * kPackRows + lane);
      out.offset[at] = rows.z(row, side + kOffsetColumn);
      out.trials[at] = rows.z(row, side + kTrialsColumn);
      out.y[at] = rows.z(row, side + kResponseColumn);
      for (std::int64_t a = 0; a < p; ++a) {
        out.x[static_cast<std::size_t>((pack * p + a) * kPackRows + lane)] =
            rows.z(row, columns[static_cast<std::size_t>(a)]) - origin[a];
      }
    }
  }
  return out;
}

}  // namespace merit
