// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace merit {

/// A file opened for reading bytes at known places.
class ValueFile {
 public:
  /// @throws InputError if it cannot be opened
  explicit ValueFile(const std::string& path);
  ValueFile(const ValueFile&) = delete;
  ValueFile& operator=(const ValueFile&) = delete;
  ~ValueFile();

  std::int64_t size() const { return size_; }

  /// Fills `out` from `offset` on.
  /// @throws IoError "is cut off …" if there are not as many bytes, or reading fails
  void read_at(std::int64_t offset, std::span<std::byte> out) const;

 private:
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace merit
