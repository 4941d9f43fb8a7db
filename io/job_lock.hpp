// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace merit {

/// Keeps two jobs from writing one output: an flock(2) on OUT.h5.parts/lock, held while the
/// job runs. The kernel lets it go when the owner ends, however it ends, so that a dead
/// owner never blocks. The file says who the owner is.
class JobLock {
 public:
  /// Takes the lock of a job whose parts directory exists.
  /// @throws IoError if another job holds it, naming its host and process
  explicit JobLock(const std::string& output);
  JobLock(JobLock&& other) noexcept;
  JobLock& operator=(JobLock&&) = delete;
  ~JobLock();

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// @throws IoError if a running job writes `output`
void check_not_in_use(const std::string& output);

}  // namespace merit
