// SPDX-License-Identifier: MIT
//
// The part of the reader that meets a damaged file in merit's own process: a catalogue that
// may lie, and values that are not what it says. Much faster than snapshot_fuzz, which starts
// a process per input. The input is the length of what examine_snapshot returned (8 bytes),
// this, and the file; pack_seeds.cpp makes such inputs from snapshots.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "engine/error.hpp"
#include "engine/model/table.hpp"
#include "io/snapshot.hpp"
#include "tests/fuzz/fuzz_entry.hpp"
#include "tests/fuzz/memory_file.hpp"

namespace {

void read_all(merit::Table& table) {
  merit::RowBlock block;
  const std::int64_t rows = table.num_rows();
  for (std::size_t column = 0; column < table.columns().size(); ++column) {
    try {
      const auto reader = table.reader({column});
      for (std::int64_t first = 0; first < rows; first += merit::kBlockRows) {
        const std::int64_t count = std::min(merit::kBlockRows, rows - first);
        reader->read(first, count, block);
      }
      table.levels(column);
    } catch (const merit::Error&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const merit::testing::MemoryFile file;
  std::uint64_t length = 0;
  if (size < sizeof length) return 0;
  std::memcpy(&length, data, sizeof length);
  data += sizeof length;
  size -= sizeof length;
  if (length > size) return 0;
  file.assign(data + length, size - length);
  try {
    const std::string examined(reinterpret_cast<const char*>(data), length);
    read_all(*merit::open_examined_snapshot(file.path(), "/data", examined));
  } catch (const merit::Error&) {
  }
  return 0;
}
