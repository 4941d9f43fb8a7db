// SPDX-License-Identifier: MIT
//
// Any bytes as a snapshot: opened, described, every column read. An exception of merit's own
// is a good answer; anything else is a find. With libFuzzer:
//
//   make_snapshots.py CORPUS
//   merit_snapshot_fuzz -max_total_time=600 -malloc_limit_mb=1000000 WORK CORPUS
//
// (HDF5's library may ask for impossible amounts of memory in the process that examines the
// file; libFuzzer's limit would end it there.) With another compiler: standalone.cpp.

#include "engine/error.hpp"
#include "io/describe.hpp"
#include "tests/fuzz/fuzz_entry.hpp"
#include "tests/fuzz/memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const merit::testing::MemoryFile file;
  file.assign(data, size);
  try {
    merit::describe_snapshot(file.path());
  } catch (const merit::Error&) {
  }
  return 0;
}
