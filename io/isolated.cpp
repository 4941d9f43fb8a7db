// SPDX-License-Identifier: MIT
#include "io/isolated.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/error.hpp"

namespace merit {
namespace {

/// The last byte of what the child sends: its message is whole.
constexpr char kDone = '.';

/// How the child's message begins.
constexpr char kResult = 'R';
constexpr char kError = 'E';  // then a byte: the exit code of the error's kind

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  int get() const { return descriptor_; }
  void reset() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
};

// --- in the child ----------------------------------------------------------------------

void send(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(descriptor, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) ::_exit(1);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void limit(int resource, rlim_t soft, rlim_t hard) {
  const rlimit both{soft, hard};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

/// What this process has mapped so far, in bytes.
rlim_t address_space() {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

rlim_t machine_memory() {
  return static_cast<rlim_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

/// Asks merit to stop. Terminals and schedulers send these to the child as well, but they are
/// the parent's to answer: for as long as it lives, the child goes on.
constexpr std::array<int, 5> kRequests = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

/// Keeps those requests waiting while it lives, so that none finds the child unprepared.
class RequestsHeld {
 public:
  RequestsHeld() {
    sigset_t requests;
    sigemptyset(&requests);
    for (const int signal : kRequests)
      sigaddset(&requests, signal);
    ::pthread_sigmask(SIG_BLOCK, &requests, &before_);
  }
  RequestsHeld(const RequestsHeld&) = delete;
  RequestsHeld& operator=(const RequestsHeld&) = delete;
  ~RequestsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

/// A crash is to end the child at once: no handlers, no words, no core file.
/// It also ends with its parent, whose locks it shares: they are free once a job is killed.
void prepare_to_crash(int cpu_seconds, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGALRM}) {
    std::signal(signal, SIG_DFL);
  }
  for (const int signal : kRequests)
    std::signal(signal, SIG_IGN);
  limit(RLIMIT_CORE, 0, 0);
  const rlim_t memory = address_space() + machine_memory() / 2;
  limit(RLIMIT_AS, memory, memory);
  // The kernel sends SIGXCPU at the first; SIGKILL, which others send too, at the second.
  const rlim_t seconds = static_cast<rlim_t>(cpu_seconds);
  limit(RLIMIT_CPU, seconds, seconds + 1);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
}

std::string message_of(const std::string& subject,
                       const std::function<std::string()>& task) {
  const auto error = [](ExitCode code, const std::string& text) {
    return std::string{kError, static_cast<char>(code)} + text;
  };
  try {
    return kResult + task();
  } catch (const Error& e) {
    return error(e.code(), e.what());
  } catch (const std::bad_alloc&) {
    return error(ExitCode::io,
                 subject + ": is damaged: it claims more than memory holds");
  } catch (const std::exception& e) {
    return error(ExitCode::io, subject + ": is damaged: " + e.what());
  }
}

// --- in the parent ---------------------------------------------------------------------

std::string receive(int descriptor) {
  std::string bytes;
  std::array<char, 65'536> part;
  for (;;) {
    const ssize_t got = ::read(descriptor, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return bytes;
    bytes.append(part.data(), static_cast<std::size_t>(got));
  }
}

/// Says how a child ended that did not finish.
[[noreturn]] void report_end(const std::string& subject, pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno == EINTR) continue;
    throw IoError(subject + ": cannot watch the process that examines it: " +
                  std::system_category().message(errno));
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    throw IoError(subject +
                  ": the process that examines it was killed, as when memory runs short; "
                  "run the same command again");
  }
  std::string end = "without saying why";
  if (WIFSIGNALED(status)) {
    end = WTERMSIG(status) == SIGXCPU ? "because it took too long"
                                      : fmt::format("by signal {}", WTERMSIG(status));
  }
  throw CrashError(subject + ": is damaged: HDF5's library failed on it, ended " + end);
}

[[noreturn]] void rethrow(ExitCode code, const std::string& text) {
  switch (code) {
    case ExitCode::usage:
      throw UsageError(text);
    case ExitCode::data:
      throw DataError(text);
    case ExitCode::no_input:
      throw InputError(text);
    default:
      throw IoError(text);
  }
}

}  // namespace

std::string run_isolated(const std::string& subject,
                         int cpu_seconds,
                         const std::function<std::string()>& task) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw IoError(subject +
                  ": cannot make a pipe: " + std::system_category().message(errno));
  }
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const pid_t parent = ::getpid();
  std::optional<RequestsHeld> held(std::in_place);
  const pid_t child = ::fork();
  if (child == 0) prepare_to_crash(cpu_seconds, parent);
  held.reset();
  if (child < 0) {
    throw IoError(subject + ": cannot make the process that examines it: " +
                  std::system_category().message(errno));
  }
  if (child == 0) {
    send(writing.get(), message_of(subject, task) + kDone);
    ::_exit(0);  // nothing of the parent's is flushed or closed here
  }
  writing.reset();
  std::string message = receive(reading.get());
  const std::size_t shortest = message.starts_with(kError) ? 3 : 2;
  if (message.size() < shortest || message.back() != kDone) report_end(subject, child);
  ::waitpid(child, nullptr, 0);
  message.pop_back();
  if (message[0] == kError) {
    rethrow(static_cast<ExitCode>(message[1]), message.substr(2));
  }
  return message.substr(1);
}

int patience(const std::string& path) {
  std::error_code ignored;  // whether the file is there is the task's to say
  const std::uintmax_t size = std::filesystem::file_size(path, ignored);
  return 2 + (ignored ? 0 : static_cast<int>(size >> 26));
}

}  // namespace merit
