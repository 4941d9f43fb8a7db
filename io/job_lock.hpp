// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

namespace merit {

/// Keeps two jobs from writing one output: the file OUT.h5.parts/lock, held by flock(2) while
/// the job runs, which says who the owner is and carries a beat, a number that its owner
/// raises every few seconds.
///
/// *Where flock works* (local file systems; NFS since Linux 2.6.12 and Lustre mounted with
/// `flock`, between nodes too) the kernel lets it go when the owner ends, however it ends: a
/// live owner is refused at once, a dead one never blocks.
///
/// *Where it does not* (Lustre without the option: no locks, or with `localflock`: not between
/// nodes) the beat decides. An owner on this host is alive if its process is, known by its
/// number and start. An owner on another host that beat within the last minute by the file's
/// time is watched for 12 s: it is alive if its beat goes on. So a job that follows upon one
/// that died on another node a moment ago waits for these seconds; after an owner that ended
/// by itself nobody waits.
///
/// *Where both fail* (two hosts of one name, an owner that was stopped for more than 12 s) two
/// jobs write one part: the same bytes to the same places (io/checkpoint.hpp).
class JobLock {
 public:
  /// Takes the lock of a job whose parts directory exists.
  /// @throws IoError if another job holds it, naming its host and process
  explicit JobLock(const std::string& output);
  JobLock(JobLock&& other) noexcept;
  JobLock& operator=(JobLock&&) = delete;
  ~JobLock();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Looks for what can be seen at once. @throws IoError if a running job writes `output`
void check_not_in_use(const std::string& output);

}  // namespace merit
