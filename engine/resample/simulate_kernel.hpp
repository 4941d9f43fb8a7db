// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/simd/level.hpp"

namespace merit {

/// Draws of one replicate, eight at a time.
struct SimulateKernels {
  /// packs × 8 uniforms on [0, 1), those of the packs from `first` on.
  void (*uniforms)(std::uint64_t seed,
                   std::int64_t task,
                   std::int64_t first,
                   std::int64_t packs,
                   double* out);
  /// eta = x'beta + offset (null: 0) of packs of rows, as in PackedRows.
  void (*predictors)(const double* x,
                     const double* offset,
                     const double* beta,
                     int p,
                     std::int64_t packs,
                     double* eta);
  /// out = e^(eta + shift), packs × 8.
  void (*exponentials)(const double* eta, double shift, std::int64_t packs, double* out);
  /// out = Φ(eta + shift), and 1 − exp(−e^(eta + shift)).
  void (*normal_cdf)(const double* eta, double shift, std::int64_t packs, double* out);
  void (*cloglog_cdf)(const double* eta, double shift, std::int64_t packs, double* out);
  /// y = 1 where u < 1/(1 + e^−(eta + shift)), else 0.
  void (*logit_events)(
      const double* eta, double shift, const double* u, std::int64_t packs, double* y);
};

SimulateKernels simulate_kernels(SimdLevel level);

namespace simd_v2 {
SimulateKernels simulate_kernels();
}
namespace simd_v3 {
SimulateKernels simulate_kernels();
}
namespace simd_v4 {
SimulateKernels simulate_kernels();
}

}  // namespace merit
