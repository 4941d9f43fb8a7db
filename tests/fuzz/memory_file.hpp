// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <unistd.h>

namespace merit::testing {

/// A file in memory, gone with the process. (HDF5 wants a path that exists: no memfd.)
class MemoryFile {
 public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::unlink(path_.c_str()); }

  const std::string& path() const { return path_; }

  void assign(const std::uint8_t* data, std::size_t size) const {
    if (::ftruncate(descriptor_, 0) != 0 ||
        ::pwrite(descriptor_, data, size, 0) != static_cast<ssize_t>(size)) {
      std::abort();
    }
  }

 private:
  std::string path_ = "/dev/shm/merit_fuzz_XXXXXX";
  int descriptor_ = ::mkstemp(path_.data());
};

}  // namespace merit::testing
