// SPDX-License-Identifier: MIT
#include "engine/resample/simulate.hpp"

#include <algorithm>

namespace merit {

ResponseSimulator::ResponseSimulator(const GlmmModel& model,
                                     const Eigen::VectorXd& psi,
                                     SimdLevel simd)
    : model_(&model),
      rows_(model, simd),
      kernels_(simulate_kernels(simd)),
      draws_(draw_kernels(simd)),
      psi_(psi) {}

bool ResponseSimulator::draw(std::uint64_t seed,
                             std::int64_t replicate,
                             Workspace& work,
                             AlignedVector<std::int32_t>& y) const {
  const PackedRows& rows = model_->rows;
  const std::int64_t J = rows.num_groups();
  work.intercept.resize(static_cast<std::size_t>((J + 7) / 8 * 8));
  work.uniform.resize(RowSimulator::kStripRows);
  y.resize(static_cast<std::size_t>(rows.num_packs() * kPackRows));
  draws_.normals(seed,
                 Purpose::simulated_intercepts,
                 replicate,
                 (J + 7) / 8 * 8,
                 work.intercept.data());
  const double tau = psi_[psi_.size() - 1];
  bool fits = true;
  for (std::int64_t j = 0; j < J; ++j) {
    const auto group = static_cast<std::size_t>(j);
    const std::int64_t end = rows.first_row(j) + rows.size[group];
    for (std::int64_t first = rows.first_row(j); first < end;
         first += RowSimulator::kStripRows) {
      const std::int64_t count = std::min(RowSimulator::kStripRows, end - first);
      kernels_.uniforms(seed,
                        replicate,
                        first / kPackRows,
                        (count + kPackRows - 1) / kPackRows,
                        work.uniform.data());
      rows_.draw(psi_,
                 first,
                 count,
                 tau * work.intercept[group],
                 work.uniform.data(),
                 work.rows);
      for (std::int64_t i = 0; i < count; ++i) {
        const double drawn = work.rows.drawn[static_cast<std::size_t>(i)];
        fits = fits && drawn <= kLargestCount;
        y[static_cast<std::size_t>(first + i)] =
            static_cast<std::int32_t>(std::min(drawn, kLargestCount));
      }
    }
    std::fill(y.begin() + end, y.begin() + rows.first_row(j + 1), -1);
  }
  return fits;
}

SimulateKernels simulate_kernels(SimdLevel level) {
  return at_level(level,
                  simd_v2::simulate_kernels,
                  simd_v3::simulate_kernels,
                  simd_v4::simulate_kernels)();
}

}  // namespace merit
