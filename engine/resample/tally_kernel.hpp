// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/simd/level.hpp"

namespace merit {

/// Constants of the columns that are tallied, each padded with zeros to a multiple of 8. The
/// bin of a value is the whole part of (value − low) · per_unit, or the nearest bin there is;
/// that of a NaN is num_bins, behind the others.
struct TallyColumns {
  int num_columns = 0;
  int num_bins = 0;
  const double* origin = nullptr;
  const double* far = nullptr;  ///< a distance from the origin
  const double* low = nullptr;
  const double* per_unit = nullptr;
};

/// Where a row is added. NaNs add nothing but to their bin.
struct TallySums {
  std::int64_t* count = nullptr;  ///< num_columns × (num_bins + 1)
  double* power[4] = {};          ///< sums of (value − origin)^1 … ^4, padded
  double* below = nullptr;        ///< how many values < origin, padded
  double* beyond = nullptr;       ///< how many |value − origin| ≥ far, padded
};

/// For each column two ranges of bins that are wanted: from `first` to before `end`, as
/// positions on the scale of (value − low) · per_unit; padded like the constants.
struct WantedBins {
  const double* first[2] = {nullptr, nullptr};
  const double* end[2] = {nullptr, nullptr};
};

/// Inner loops of engine/resample/replicate_tally.cpp, compiled per instruction-set level.
/// All levels give the same bits.
struct TallyKernel {
  /// Adds a row. The eight doubles behind it may be read, and do not matter.
  void (*add)(const TallyColumns& columns, const double* row, const TallySums& sums);

  /// Whether any value of the row lies in wanted bins. May be true of rows where none does.
  bool (*any_wanted)(const TallyColumns& columns,
                     const WantedBins& wanted,
                     const double* row);
};

TallyKernel tally_kernel(SimdLevel level);

namespace simd_v2 {
TallyKernel tally_kernel();
}
namespace simd_v3 {
TallyKernel tally_kernel();
}
namespace simd_v4 {
TallyKernel tally_kernel();
}

}  // namespace merit
