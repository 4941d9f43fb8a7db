// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "engine/resample/parametric_kernel.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

inline constexpr std::int64_t kPackSize = 8;  ///< replicates per kernel call

/// Memory for at least `count` doubles, which keep no value.
inline double* scratch_memory(AlignedVector<double>& memory, std::int64_t count) {
  if (std::ssize(memory) < count) memory.resize(static_cast<std::size_t>(count));
  return memory.data();
}

/// Fills `rows` with replicates [first, first + count), eight at a time:
/// make_pack(first of the pack, where to write, scratch).
///
/// @param scratch_size  doubles that make_pack works in; each thread keeps its own
template <class MakePack>
void make_in_packs(std::int64_t first,
                   std::int64_t count,
                   std::int64_t p,
                   bool keep_std_errors,
                   std::int64_t scratch_size,
                   ReplicateRows& rows,
                   const MakePack& make_pack) {
  static thread_local AlignedVector<double> memory;
  double* const scratch = scratch_memory(memory, scratch_size);
  rows.resize(count, p + 2, keep_std_errors ? p + 2 : 0);
  for (std::int64_t done = 0; done < count; done += kPackSize) {
    double* const errors = rows.std_error.data() + done * (p + 2);
    const ReplicateSpan span{rows.estimate.data() + done * (p + 2),
                             keep_std_errors ? errors : nullptr,
                             rows.log_likelihood.data() + done,
                             rows.status.data() + done,
                             static_cast<int>(std::min(kPackSize, count - done))};
    make_pack(first + done, span, scratch);
  }
}

}  // namespace merit
