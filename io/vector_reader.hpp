// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "io/catalogue.hpp"
#include "io/value_file.hpp"

namespace merit {

/// Reads rows of a stored vector as they are in the file. The catalogue must have been
/// distrusted: its sizes are believed here.
///
/// Reading in row order reads and decompresses every chunk once: the last one is kept.
class VectorReader {
 public:
  VectorReader(const ValueFile& file, const StoredVector& vector)
      : file_(&file), vector_(&vector) {}

  /// Bytes per row.
  std::size_t row_bytes() const { return vector_->type.size; }

  /// Reads rows [first, first + count) into `out`, count * row_bytes() bytes.
  /// @throws IoError "is damaged …", for a message that begins with what is read
  void read(std::int64_t first, std::int64_t count, std::span<std::byte> out);

 private:
  void load_chunk(std::size_t index);

  const ValueFile* file_;
  const StoredVector* vector_;
  std::vector<std::byte> chunk_;  ///< decompressed
  std::vector<std::byte> spare_;  ///< kept for its memory
  std::size_t loaded_ = SIZE_MAX;
};

}  // namespace merit
