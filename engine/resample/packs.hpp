// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "engine/resample/parametric_kernel.hpp"
#include "engine/resample/replicate_rows.hpp"

namespace merit {

inline constexpr std::int64_t kPackSize = 8;  ///< replicates per kernel call

/// Doubles on a 64-byte boundary, as the kernels want them.
class AlignedDoubles {
 public:
  explicit AlignedDoubles(std::int64_t count = 0) { reserve(count); }
  void reserve(std::int64_t count) {
    if (count <= capacity_) return;
    const auto bytes = (static_cast<std::size_t>(count) * sizeof(double) + 63) / 64 * 64;
    memory_.reset(static_cast<double*>(std::aligned_alloc(64, bytes)));
    if (!memory_) throw std::bad_alloc();
    capacity_ = count;
  }
  double* data() { return memory_.get(); }

 private:
  struct Free {
    void operator()(double* memory) const { std::free(memory); }
  };
  std::unique_ptr<double, Free> memory_;
  std::int64_t capacity_ = 0;
};

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
  static thread_local AlignedDoubles scratch;
  scratch.reserve(scratch_size);
  rows.resize(count, p + 2, keep_std_errors ? p : 0);
  for (std::int64_t done = 0; done < count; done += kPackSize) {
    const ReplicateSpan span{rows.estimate.data() + done * (p + 2),
                             keep_std_errors ? rows.std_error.data() + done * p : nullptr,
                             rows.log_likelihood.data() + done,
                             rows.status.data() + done,
                             static_cast<int>(std::min(kPackSize, count - done))};
    make_pack(first + done, span, scratch.data());
  }
}

}  // namespace merit
