// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/simd/level.hpp"

namespace merit {

/// Means μ(η) and slopes dμ/dη of a link, packs of eight rows at a time.
struct WorkingKernels {
  using Means = void (*)(const double* eta,
                         std::int64_t packs,
                         double* mean,
                         double* slope);
  Means logit, probit, cloglog, log;
};

namespace simd_v2 {
WorkingKernels working_kernels();
}
namespace simd_v3 {
WorkingKernels working_kernels();
}
namespace simd_v4 {
WorkingKernels working_kernels();
}

}  // namespace merit
