// SPDX-License-Identifier: MIT
#pragma once

// The kernels' `fit`: given data sets instead of drawn ones.

#include <cstdint>
#include <vector>

#include "engine/fit/rotated_form.hpp"
#include "engine/resample/group_constants.hpp"
#include "engine/resample/packs.hpp"
#include "engine/resample/rotated_parametric.hpp"

namespace merit::testing {

/// Room for `count` values in each lane.
inline AlignedVector<double> lanes(std::int64_t count) {
  return AlignedVector<double>(static_cast<std::size_t>(count * kPackSize));
}

/// Fits data sets that share their X, in rotated form.
inline ReplicateRows fit_rotated(const RotatedModel& model,
                                 const std::vector<RotatedForm>& data,
                                 SimdLevel level) {
  const ParametricConstants constants = model.constants();
  const auto count = static_cast<std::int64_t>(data.size());
  AlignedVector<double> w = lanes(constants.r), S0 = lanes(1), beta = lanes(constants.p);
  ReplicateRows rows;
  make_in_packs(0,
                count,
                constants.p,
                true,
                parametric_scratch(constants),
                rows,
                [&](std::int64_t pack, const ReplicateSpan& out, double* scratch) {
                  for (std::int64_t lane = 0; lane < kPackSize; ++lane) {
                    const auto& form =
                        data[static_cast<std::size_t>(std::min(pack + lane, count - 1))];
                    S0.data()[lane] = form.S0;
                    for (Eigen::Index i = 0; i < constants.r; ++i)
                      w.data()[i * kPackSize + lane] = form.w[i];
                    for (Eigen::Index k = 0; k < constants.p; ++k)
                      beta.data()[k * kPackSize + lane] = form.beta_ols[k];
                  }
                  parametric_kernels(level).fit(
                      constants, w.data(), S0.data(), beta.data(), out, scratch);
                });
  return rows;
}

/// Fits data sets with as many groups as `arrays` was made from, in grouped form.
inline ReplicateRows fit_grouped(const GroupArrays& arrays,
                                 const std::vector<GroupedStats>& data,
                                 SimdLevel level) {
  const GroupConstants constants = arrays.constants();
  const auto count = static_cast<std::int64_t>(data.size());
  const std::int64_t q = constants.p + 1, pairs = q * (q + 1) / 2;
  AlignedVector<double> size = lanes(constants.num_groups);
  AlignedVector<double> mean = lanes(constants.num_groups * q), within = lanes(pairs);
  ReplicateRows rows;
  make_in_packs(0,
                count,
                constants.p,
                true,
                grouped_scratch(constants),
                rows,
                [&](std::int64_t pack, const ReplicateSpan& out, double* scratch) {
                  for (std::int64_t lane = 0; lane < kPackSize; ++lane) {
                    const auto& of =
                        data[static_cast<std::size_t>(std::min(pack + lane, count - 1))];
                    for (Eigen::Index j = 0; j < constants.num_groups; ++j) {
                      size.data()[j * kPackSize + lane] = of.size[j];
                      for (Eigen::Index a = 0; a < q; ++a) {
                        const double from_origin =
                            of.mean(a, j) + (of.origin[a] - constants.origin[a]);
                        mean.data()[(j * q + a) * kPackSize + lane] = from_origin;
                      }
                    }
                    for (Eigen::Index a = 0, ab = 0; a < q; ++a) {
                      for (Eigen::Index b = 0; b <= a; ++b, ++ab)
                        within.data()[ab * kPackSize + lane] = of.within(a, b);
                    }
                  }
                  grouped_kernels(level).fit(
                      constants, {size.data(), mean.data(), within.data()}, out, scratch);
                });
  return rows;
}

}  // namespace merit::testing
