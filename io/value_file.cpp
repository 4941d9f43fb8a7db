// SPDX-License-Identifier: MIT
#include "io/value_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.hpp"

namespace merit {

ValueFile::ValueFile(const std::string& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    const std::string why = std::system_category().message(errno);
    if (descriptor_ >= 0) ::close(descriptor_);
    throw InputError(path + ": cannot be opened: " + why);
  }
  size_ = status.st_size;
}

ValueFile::~ValueFile() {
  ::close(descriptor_);
}

void ValueFile::read_at(std::int64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw IoError(fmt::format("cannot be read at byte {} of the file: {}",
                                offset,
                                std::system_category().message(errno)));
    }
    if (got == 0) {
      throw IoError(fmt::format("is cut off at byte {} of the file", offset));
    }
    out = out.subspan(static_cast<std::size_t>(got));
    offset += got;
  }
}

}  // namespace merit
