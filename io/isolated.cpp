// SPDX-License-Identifier: MIT
#include "io/isolated.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <new>
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

void limit(int resource, rlim_t amount) {
  rlimit both{amount, amount};
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

/// A crash is to end the child at once: no handlers, no words, no core file.
/// It also ends with its parent, whose locks it shares: they are free once a job is killed.
void prepare_to_crash(int cpu_seconds, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGALRM}) {
    std::signal(signal, SIG_DFL);
  }
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_AS, address_space() + machine_memory() / 2);
  limit(RLIMIT_CPU, static_cast<rlim_t>(cpu_seconds));
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

/// How a child ended that did not finish, for people.
std::string wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return "for a reason unknown";
  }
  if (!WIFSIGNALED(status)) return "without saying why";
  if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL) {
    return "because it took too long";
  }
  return fmt::format("by signal {}", WTERMSIG(status));
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
  const pid_t child = ::fork();
  if (child < 0) {
    throw IoError(subject + ": cannot make the process that examines it: " +
                  std::system_category().message(errno));
  }
  if (child == 0) {
    prepare_to_crash(cpu_seconds, parent);
    send(writing.get(), message_of(subject, task) + kDone);
    ::_exit(0);  // nothing of the parent's is flushed or closed here
  }
  writing.reset();
  std::string message = receive(reading.get());
  const std::string end = wait_for(child);
  const std::size_t shortest = message.starts_with(kError) ? 3 : 2;
  if (message.size() < shortest || message.back() != kDone) {
    throw CrashError(subject + ": is damaged: HDF5's library failed on it, ended " + end);
  }
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
