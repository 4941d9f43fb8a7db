// SPDX-License-Identifier: MIT
#include "engine/run/stop_signals.hpp"

#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <string_view>

#include <sys/time.h>
#include <unistd.h>

#include "engine/error.hpp"

namespace merit {
namespace {

constexpr std::array<int, 4> kSignals = {SIGTERM, SIGUSR1, SIGINT, SIGALRM};

// What a signal handler may touch.
std::atomic<int> noted{0};
std::atomic<bool> at_once{true};
std::atomic<bool> may_speak{false};
static_assert(std::atomic<int>::is_always_lock_free);

std::array<struct sigaction, kSignals.size()> before;
bool spoke_before = false;

const char* name_of(int signal) {
  switch (signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGUSR1:
      return "SIGUSR1";
    case SIGINT:
      return "SIGINT";
    case SIGALRM:
      return "the time limit";
    default:
      return "another rank";
  }
}

void say(const char* text) {
  // Nothing can be done if it does not get there.
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, text, std::strlen(text));
}

extern "C" void on_stop_signal(int signal) {
  const int earlier = noted.exchange(signal);
  if (signal == SIGINT && earlier == SIGINT) ::_exit(128 + SIGINT);
  if (!at_once) {
    // At once: whoever sent it may give no time for more.
    if (may_speak && earlier == 0) {
      say("merit: ");
      say(name_of(signal));
      say(": storing what is complete; to go on, run the same command with --resume\n");
    }
    return;
  }
  if (may_speak) {
    say("merit: stopped by ");
    say(name_of(signal));
    say("; everything complete is on disk, run the same command with --resume\n");
  }
  ::_exit(static_cast<int>(ExitCode::stopped));
}

void install(struct sigaction* replaced) {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &action, replaced == nullptr ? nullptr : replaced + i);
  }
}

void set_timer(double seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(std::floor(seconds));
  timer.it_value.tv_usec =
      static_cast<suseconds_t>(1e6 * (seconds - std::floor(seconds)));
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

void end_on_stop_signals(bool speaks) {
  may_speak = speaks;
  install(nullptr);
}

StopSignals::StopSignals(bool speaks, std::optional<double> time_limit) {
  noted = 0;
  at_once = true;
  spoke_before = may_speak.exchange(speaks);
  install(before.data());
  if (time_limit) set_timer(*time_limit);
}

StopSignals::~StopSignals() {
  set_timer(0.0);
  at_once = true;
  // mpirun sends SIGTERM to the ranks that end after the first: once a job has said how it
  // ended, that is nothing to talk about.
  may_speak = spoke_before;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &before[i], nullptr);
  }
}

void StopSignals::note_only() {
  at_once = false;
}

void StopSignals::end_at_once() {
  at_once = true;
}

bool StopSignals::stop_requested() {
  return noted != 0;
}

std::string StopSignals::reason() {
  return name_of(noted);
}

}  // namespace merit
