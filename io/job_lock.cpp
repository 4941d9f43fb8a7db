// SPDX-License-Identifier: MIT
#include "io/job_lock.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.hpp"
#include "io/part_file.hpp"
#include "io/result_paths.hpp"

namespace merit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kBeatEvery{4};
constexpr seconds kWatchFor{12};
constexpr int kFreshSeconds = 60;

/// What stands in a lock file: "host NAME, process 123, started 4567, beat 8".
struct Owner {
  std::string host;
  long process = 0;
  unsigned long long started = 0;  ///< of the process, in the kernel's clock ticks
  unsigned long long beat = 0;

  std::string text() const {
    return fmt::format(
        "host {}, process {}, started {}, beat {}\n", host, process, started, beat);
  }
  std::string name() const { return fmt::format("host {}, process {}", host, process); }
};

std::string own_host() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return host.data();
}

/// When a process of this host started; 0 if there is none of this number.
unsigned long long start_of(long process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string line;
  if (!std::getline(file, line)) return 0;
  // The name in parentheses may hold anything; the start is the 20th field after it.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 0; i < 20; ++i)
    fields >> field;
  return std::strtoull(field.c_str(), nullptr, 10);
}

/// The owner that a lock file names; its host is empty if it ended by itself, or there is none.
Owner read_owner(int descriptor) {
  std::array<char, 400> text{};
  const ssize_t length = ::pread(descriptor, text.data(), text.size() - 1, 0);
  Owner owner;
  std::array<char, 257> host{};
  if (length > 0 && std::sscanf(text.data(),
                                "host %256[^,], process %ld, started %llu, beat %llu",
                                host.data(),
                                &owner.process,
                                &owner.started,
                                &owner.beat) == 4) {
    owner.host = host.data();
  }
  return owner;
}

Owner read_owner(const std::string& path) {
  // Opened anew each time: network file systems look at the server then.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  Owner owner = read_owner(descriptor);
  ::close(descriptor);
  return owner;
}

bool beat_lately(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 &&
         std::time(nullptr) - status.st_mtime < kFreshSeconds;
}

IoError in_use(const std::string& output, const Owner& owner) {
  return IoError(
      fmt::format("{}: in use by another job ({}); wait for it, end it, or "
                  "choose another --output",
                  output,
                  owner.host.empty() ? "owner unknown" : owner.name()));
}

enum class Flock { held, taken_by_another, none_here };

Flock try_flock(int descriptor, int how) {
  if (::flock(descriptor, how | LOCK_NB) == 0) return Flock::held;
  return errno == EWOULDBLOCK ? Flock::taken_by_another : Flock::none_here;
}

/// Whether the owner named in a lock file lives although we could have its lock.
bool lives(const Owner& owner, Flock own_flock, int descriptor, const std::string& path) {
  if (owner.host.empty()) return false;
  if (owner.host == own_host()) {
    const bool is_process = start_of(owner.process) == owner.started;
    return own_flock == Flock::none_here && is_process && owner.process != ::getpid();
  }
  if (!beat_lately(descriptor)) return false;
  const auto end = std::chrono::steady_clock::now() + kWatchFor;
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(500));
    const Owner now = read_owner(path);
    if (now.host.empty()) return false;
    if (now.beat != owner.beat) return true;
  }
  return false;
}

/// Whether a file that was opened by this name has it still: a job that ends removes its lock.
bool has_name(int descriptor, const std::string& path) {
  struct stat own {};
  struct stat named {};
  return ::fstat(descriptor, &own) == 0 && ::stat(path.c_str(), &named) == 0 &&
         own.st_ino == named.st_ino;
}

}  // namespace

struct JobLock::State {
  std::string path;
  int descriptor = -1;
  Owner self;
  std::mutex mutex;
  std::condition_variable ended;
  bool ending = false;
  std::thread beating;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  State(State&&) = delete;
  State& operator=(State&&) = delete;

  ~State() {
    {
      const std::lock_guard lock(mutex);
      ending = true;
    }
    ended.notify_all();
    if (beating.joinable()) {
      beating.join();
      write("");  // nobody need watch us
    }
    if (descriptor >= 0) ::close(descriptor);
  }

  void write(const std::string& text) const {
    // A failure is no matter: the next beat tries again, and flock holds without.
    const bool written =
        ::pwrite(descriptor, text.data(), text.size(), 0) == std::ssize(text) &&
        ::ftruncate(descriptor, static_cast<off_t>(text.size())) == 0;
    static_cast<void>(written);
  }

  void beat() {
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, kBeatEvery, [this] { return ending; })) {
      ++self.beat;
      write(self.text());
    }
  }
};

JobLock::JobLock(const std::string& output) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.path = lock_path(output);
  Flock flock = Flock::taken_by_another;
  // Others may look at the lock, or be about to remove it; and a process that was killed holds
  // its lock until its memory is cleared away. All are over soon.
  constexpr int kTries = 300;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(milliseconds(10));
    if (s.descriptor >= 0) ::close(s.descriptor);
    s.descriptor = ::open(s.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (s.descriptor < 0) {
      throw IoError(s.path + ": cannot be created: " + os_reason(errno, s.path));
    }
    flock = try_flock(s.descriptor, LOCK_EX);
    if (flock != Flock::taken_by_another && has_name(s.descriptor, s.path)) break;
  }
  const Owner owner = read_owner(s.descriptor);
  if (flock == Flock::taken_by_another || lives(owner, flock, s.descriptor, s.path)) {
    throw in_use(output, owner);
  }
  s.self = {.host = own_host(), .process = ::getpid(), .started = start_of(::getpid())};
  s.self.beat = owner.beat + 1;
  s.write(s.self.text());
  s.beating = std::thread([&s] { s.beat(); });
}

JobLock::JobLock(JobLock&&) noexcept = default;
JobLock::~JobLock() = default;

void check_not_in_use(const std::string& output) {
  const std::string path = lock_path(output);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return;
  const bool held = try_flock(descriptor, LOCK_SH) == Flock::taken_by_another;
  const Owner owner = read_owner(descriptor);
  ::close(descriptor);
  if (held) throw in_use(output, owner);
}

}  // namespace merit
