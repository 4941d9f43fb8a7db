// SPDX-License-Identifier: MIT
//
// Any bytes as a snapshot: opened, described, every column read. libFuzzer's entry point:
//
//   make_corpus.py CORPUS && snapshot_fuzz -max_total_time=600 CORPUS
//
// An exception of merit's own is a good answer; anything else is a find.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include "engine/error.hpp"
#include "io/describe.hpp"

namespace {

/// A file in memory, gone with the process. (HDF5 wants a path that exists: no memfd.)
struct MemoryFile {
  std::string path = "/dev/shm/merit_snapshot_fuzz_XXXXXX";
  int descriptor = mkstemp(path.data());

  MemoryFile() = default;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { unlink(path.c_str()); }

  bool assign(const std::uint8_t* data, std::size_t size) const {
    return ftruncate(descriptor, 0) == 0 &&
           pwrite(descriptor, data, size, 0) == static_cast<ssize_t>(size);
  }
};

using Random = std::minstd_rand;

std::size_t below(std::size_t limit, Random& random) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

/// Overwrites a few bytes with what a damaged length, count, offset or flag may look like.
void damage(std::uint8_t* data, std::size_t size, Random& random) {
  const std::array<std::uint64_t, 12> values = {0,
                                                1,
                                                2,
                                                0x7f,
                                                0xff,
                                                0xffff,
                                                0x7fff'ffff,
                                                0xffff'ffff,
                                                std::uint64_t{1} << 60,
                                                ~std::uint64_t{0},
                                                size,
                                                below(size, random)};
  std::uint64_t value = values[below(values.size(), random)];
  const std::size_t width = std::min(size, std::size_t{1} << below(4, random));
  const std::size_t at = below(size - width + 1, random);
  switch (below(4, random)) {
    case 0:
      data[at] ^= static_cast<std::uint8_t>(1U << below(8, random));
      return;
    case 1:
      std::memmove(data + at, data + below(size - width + 1, random), width);
      return;
    case 2: {
      std::memcpy(&value, data + at, width);
      value += below(33, random) - 16;
      break;
    }
    default:
      break;
  }
  std::memcpy(data + at, &value, width);  // little-endian
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data,
                                        std::size_t size,
                                        std::size_t max_size);

/// HDF5 is full of offsets: bytes inserted or removed leave nothing of a file. So most
/// mutations overwrite.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                               std::size_t size,
                                               std::size_t max_size,
                                               unsigned seed) {
  Random random(seed);
  if (size == 0 || below(50, random) == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::size_t edits = std::size_t{1} << below(4, random);
  for (std::size_t i = 0; i < edits; ++i)
    damage(data, size, random);
  return size;
}

/// The process that examines a snapshot for us may crash in HDF5's library; that is what it is
/// for. libFuzzer, which it inherits, must not take note.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return pthread_atfork(
      nullptr, nullptr, [] { __sanitizer_set_death_callback(nullptr); });
}

/// It is not worth the seconds that finding names for its last words takes; to have them for a
/// find of ours: ASAN_OPTIONS=symbolize=1.
extern "C" const char* __asan_default_options() { return "symbolize=0:detect_leaks=0"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  if (!file.assign(data, size)) std::abort();
  try {
    merit::describe_snapshot(file.path);
  } catch (const merit::Error&) {
  }
  return 0;
}
