// SPDX-License-Identifier: MIT
#include "io/part_file.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/error.hpp"

namespace merit {
namespace {

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// Bytes that this user may still write next to `path`; negative if unknown.
double free_bytes(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(directory_of(path).c_str(), &status) != 0) return -1.0;
  return static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize);
}

std::string size_text(double bytes) {
  if (bytes < 1e6) return fmt::format("{:.0f} kB", bytes / 1e3);
  return bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6)
                     : fmt::format("{:.1f} GB", bytes / 1e9);
}

}  // namespace

std::string os_reason(int error_number, const std::string& path) {
  std::string text = std::generic_category().message(error_number);
  if (error_number == ENOSPC || error_number == EDQUOT) {
    if (const double room = free_bytes(path); room >= 0.0) {
      text += fmt::format(" ({} free)", size_text(room));
    }
  }
  return text;
}

PartFile::PartFile(std::string path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDWR | O_CLOEXEC)) {
  if (descriptor_ < 0) {
    throw IoError(path_ + ": cannot be opened for writing: " + os_reason(errno, path_));
  }
}

PartFile::~PartFile() {
  ::close(descriptor_);
}

FileIdentity PartFile::identity() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    throw IoError(path_ + ": " + os_reason(errno, path_));
  }
  return {status.st_dev, status.st_ino};
}

void PartFile::reserve(std::int64_t bytes) {
  struct stat status {};
  struct statfs system {};
  if (::fstat(descriptor_, &status) != 0 || ::fstatfs(descriptor_, &system) != 0) {
    throw IoError(path_ + ": " + os_reason(errno, path_));
  }
  const auto wanted = static_cast<double>(bytes);
  const double held = static_cast<double>(status.st_blocks) * 512.0;
  if (held >= wanted) return;
  // In memory, to reserve is to clear every page: as dear as writing it.
  int error = system.f_type == TMPFS_MAGIC ? EOPNOTSUPP : 0;
  if (error == 0) {
    do {
      error = ::fallocate(descriptor_, 0, 0, bytes) == 0 ? 0 : errno;
    } while (error == EINTR);
  }
  if (error == EOPNOTSUPP || error == ENOSYS) {
    const double room = free_bytes(path_);
    error = room >= 0.0 && room < wanted - held ? ENOSPC : 0;
  }
  if (error != 0) {
    throw IoError(fmt::format("{}: no room for its {}: {}; choose another --output",
                              path_,
                              size_text(wanted),
                              os_reason(error, path_)));
  }
}

void PartFile::write_at(std::int64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      throw IoError(path_ + ": writing failed: " + os_reason(errno, path_) +
                    "; what was complete is kept");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += written;
  }
}

void PartFile::read_at(std::int64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(descriptor_, bytes.data(), bytes.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw IoError(path_ + ": reading failed: " +
                    (got == 0 ? "the file ends too early" : os_reason(errno, path_)));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    offset += got;
  }
}

void PartFile::sync() {
  int error = 0;
  do {
    error = ::fdatasync(descriptor_) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error != 0) {
    throw IoError(path_ + ": writing to disk failed: " + os_reason(error, path_) +
                  "; what was complete is kept");
  }
}

void PartFile::check_in_place() const {
  struct stat own {};
  struct stat named {};
  const bool in_place = ::fstat(descriptor_, &own) == 0 &&
                        ::stat(path_.c_str(), &named) == 0 &&
                        own.st_ino == named.st_ino && own.st_dev == named.st_dev;
  if (!in_place) {
    throw IoError(path_ +
                  ": was moved or removed while the job ran; what was complete is "
                  "kept where it was moved to");
  }
}

void sync_directory(const std::string& path) {
  const std::string name = directory_of(path);
  const int directory = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (directory < 0) return;  // it may be written but not read
  const int error = ::fsync(directory) == 0 ? 0 : errno;
  ::close(directory);
  // Not every file system can tell about directories.
  if (error != 0 && error != EINVAL && error != ENOTSUP && error != ENOSYS) {
    throw IoError(name + ": writing to disk failed: " + os_reason(error, path));
  }
}

void rename_durably(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    throw IoError(from + ": cannot be renamed to " + to + ": " + os_reason(errno, to));
  }
  sync_directory(to);
}

}  // namespace merit
