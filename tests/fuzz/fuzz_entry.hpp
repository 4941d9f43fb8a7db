// SPDX-License-Identifier: MIT
#pragma once

// What libFuzzer calls, besides LLVMFuzzerTestOneInput, and what it needs to know of forks.
// Included once per program.

#include <cstddef>
#include <cstdint>

#ifdef MERIT_LIBFUZZER
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#endif

#include "tests/fuzz/damage.hpp"

#ifdef MERIT_LIBFUZZER

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data,
                                        std::size_t size,
                                        std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                               std::size_t size,
                                               std::size_t max_size,
                                               unsigned seed) {
  merit::testing::Random random(seed);
  if (size == 0 || merit::testing::below(50, random) == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  merit::testing::damage(data, size, random);
  return size;
}

/// The process that examines a snapshot for us may crash in HDF5's library; that is what it is
/// for. libFuzzer, which it inherits, must not take note.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return pthread_atfork(
      nullptr, nullptr, [] { __sanitizer_set_death_callback(nullptr); });
}

/// It is not worth the seconds that finding names for its last words takes; to have them for a
/// find of ours: ASAN_OPTIONS=symbolize=1. Leaks in HDF5's library are not ours.
extern "C" const char* __asan_default_options() {
  return "symbolize=0:detect_leaks=0";
}

#endif
