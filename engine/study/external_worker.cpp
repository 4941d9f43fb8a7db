// SPDX-License-Identifier: MIT
#include "engine/study/external_worker.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace merit {
namespace {

using Clock = std::chrono::steady_clock;

/// More than any tidy table has; beyond it the answer is nonsense.
constexpr std::size_t kLongestAnswer = std::size_t{16} << 20;

/// Writing to a program that has ended gives EPIPE and no signal to this thread.
class NoBrokenPipeSignal {
 public:
  NoBrokenPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoBrokenPipeSignal(const NoBrokenPipeSignal&) = delete;
  NoBrokenPipeSignal& operator=(const NoBrokenPipeSignal&) = delete;
  ~NoBrokenPipeSignal() {
    const timespec now{};
    while (::sigtimedwait(&pipe_, nullptr, &now) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
};

void close_one(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

/// Whether the text is a line of failure, or ends with the line that ends a table.
bool is_complete(const std::string& text) {
  if (text.empty() || text.back() != '\n') return false;
  if (text.starts_with("failed")) return true;
  const std::size_t before =
      text.size() < 2 ? std::string::npos : text.rfind('\n', text.size() - 2);
  const std::string_view last =
      std::string_view(text).substr(before == std::string::npos ? 0 : before + 1);
  return last == "end\n" || last == "end\r\n";
}

/// Milliseconds for poll(); 0 if the moment has passed.
int left_until(Clock::time_point moment) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(moment - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, 1'000'000));
}

}  // namespace

bool ExternalWorker::start() {
  std::array<int, 2> in{-1, -1}, out{-1, -1};
  if (::pipe2(in.data(), O_CLOEXEC) != 0) return false;
  if (::pipe2(out.data(), O_CLOEXEC) != 0) {
    close_one(in[0]);
    close_one(in[1]);
    return false;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  if (!command_.show_stderr) {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, ours;
  sigemptyset(&none);
  sigemptyset(&ours);  // what merit handles or blocks, the program has as usual
  for (const int signal : {SIGTERM, SIGUSR1, SIGINT, SIGALRM, SIGPIPE})
    sigaddset(&ours, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &ours);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(
      &attributes,
      POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string shell = "/bin/sh", option = "-c", line = command_.command;
  char* const arguments[] = {shell.data(), option.data(), line.data(), nullptr};
  const int failed =
      ::posix_spawn(&process_, shell.c_str(), &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close_one(in[0]);
  close_one(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (failed != 0) {
    process_ = -1;
    stop();
    return false;
  }
  ::fcntl(to_, F_SETFL, O_NONBLOCK);
  ::fcntl(from_, F_SETFL, O_NONBLOCK);
  return true;
}

void ExternalWorker::stop() {
  close_one(to_);
  close_one(from_);
  if (process_ < 0) return;
  const Clock::time_point limit = Clock::now() + std::chrono::milliseconds(200);
  while (::waitpid(process_, nullptr, WNOHANG) == 0) {
    if (Clock::now() > limit) {
      ::kill(-process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  process_ = -1;
}

ExternalWorker::Outcome ExternalWorker::exchange(const std::string& question,
                                                 std::string& answer) {
  const NoBrokenPipeSignal quiet;
  const Clock::time_point limit =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(command_.timeout));
  std::size_t written = 0;
  answer.clear();
  std::array<char, 65'536> part;
  while (!is_complete(answer)) {
    const int wait = left_until(limit);
    if (wait == 0) return Outcome::late;
    std::array<pollfd, 2> ends{
        pollfd{.fd = from_, .events = POLLIN, .revents = 0},
        pollfd{
            .fd = written < question.size() ? to_ : -1, .events = POLLOUT, .revents = 0}};
    if (::poll(ends.data(), ends.size(), wait) < 0 && errno != EINTR)
      return Outcome::ended;
    if ((ends[1].revents & (POLLOUT | POLLERR)) != 0) {
      const ssize_t put =
          ::write(to_, question.data() + written, question.size() - written);
      if (put > 0) written += static_cast<std::size_t>(put);
      if (put < 0 && errno != EAGAIN && errno != EINTR) return Outcome::ended;
    }
    if ((ends[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      const ssize_t got = ::read(from_, part.data(), part.size());
      if (got > 0) answer.append(part.data(), static_cast<std::size_t>(got));
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        return Outcome::ended;
      if (answer.size() > kLongestAnswer) return Outcome::late;
    }
  }
  // An answer before the whole question was read is one to another.
  return written == question.size() ? Outcome::answered : Outcome::late;
}

std::optional<std::string> ExternalWorker::ask(const std::string& question) {
  constexpr int kTries = 2;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    if (process_ < 0 && !start()) return std::nullopt;
    std::string answer;
    switch (exchange(question, answer)) {
      case Outcome::answered:
        return answer;
      case Outcome::late:
        ::kill(-process_, SIGKILL);
        stop();
        return std::nullopt;
      case Outcome::ended:
        stop();
        break;
    }
  }
  return std::nullopt;
}

}  // namespace merit
