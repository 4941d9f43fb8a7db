// SPDX-License-Identifier: MIT
#include "io/job_lock.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/error.hpp"
#include "io/part_file.hpp"
#include "io/result_paths.hpp"

namespace merit {
namespace {

std::string owner_of(int descriptor) {
  std::array<char, 300> text{};
  const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length))
                    : "unknown";
}

IoError in_use(const std::string& output, const std::string& owner) {
  return IoError(
      fmt::format("{}: in use by another job ({}); wait for it, end it, or "
                  "choose another --output",
                  output,
                  owner));
}

}  // namespace

JobLock::JobLock(const std::string& output) : path_(lock_path(output)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    throw IoError(path_ + ": cannot be created: " + os_reason(errno, path_));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    // A file system without locks says so; it must not keep the job from running.
    if (errno != EWOULDBLOCK) return;
    const std::string owner = owner_of(descriptor_);
    ::close(descriptor_);
    throw in_use(output, owner);
  }
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const std::string owner = fmt::format("host {}, process {}", host.data(), ::getpid());
  const bool written =
      ::ftruncate(descriptor_, 0) == 0 &&
      ::pwrite(descriptor_, owner.data(), owner.size(), 0) == std::ssize(owner);
  static_cast<void>(written);  // it is for people; the lock holds without
}

JobLock::JobLock(JobLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

JobLock::~JobLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void check_not_in_use(const std::string& output) {
  const int descriptor = ::open(lock_path(output).c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return;
  const bool held = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  const std::string owner = owner_of(descriptor);
  ::close(descriptor);
  if (held) throw in_use(output, owner);
}

}  // namespace merit
