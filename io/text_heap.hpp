// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/value_file.hpp"

namespace merit {

/// Strings of variable length: a column stores a reference of 16 bytes (length, address of a
/// heap in the file, index in it) for each, and the heaps hold the texts. Layout: HDF5 File
/// Format Specification, III.E "Global Heap".
class TextHeap {
 public:
  /// @param user_block  bytes before HDF5's part of the file: addresses count from there
  TextHeap(const ValueFile& file, std::int64_t user_block)
      : file_(&file), user_block_(user_block) {}

  /// The text that 16 bytes at `reference` stand for; valid until the next call.
  /// @throws IoError "is damaged …", for a message that begins with what is read
  std::string_view text(const std::byte* reference);

 private:
  struct Heap {
    std::vector<std::byte> bytes;
    std::vector<std::size_t>
        object;  ///< by index: where its header is; 0 if there is none
  };
  const Heap& load(std::uint64_t address);

  const ValueFile* file_;
  std::int64_t user_block_;
  std::unordered_map<std::uint64_t, Heap> heaps_;
  std::int64_t cached_bytes_ = 0;
  std::int64_t loaded_bytes_ = 0;  ///< ever
  std::int64_t num_texts_ = 0;     ///< ever
};

}  // namespace merit
