// SPDX-License-Identifier: MIT
#include "engine/cli/progress_display.hpp"

#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace merit {

constexpr double kSecondsPerLine = 30.0;

ProgressDisplay::ProgressDisplay(ProgressMode mode, std::string what)
    : style_(mode == ProgressMode::none ? Style::silent
             : mode == ProgressMode::automatic && isatty(STDERR_FILENO) == 1
                 ? Style::live
                 : Style::lines),
      what_(std::move(what)) {}

void ProgressDisplay::show(const Progress& progress) {
  if (style_ == Style::silent) return;
  last_ = fmt::format("{}: {}", what_, progress_line(progress));
  open_ = true;
  if (style_ == Style::live) {
    fmt::print(stderr, "\r{}\x1b[K", last_);  // back to the start, clear what was longer
    std::fflush(stderr);
  } else if (progress.seconds >= next_line_seconds_) {
    next_line_seconds_ = progress.seconds + kSecondsPerLine;
    fmt::print(stderr, "{}\n", last_);
    std::fflush(stderr);
    open_ = false;
  }
}

void ProgressDisplay::close() {
  if (!open_) return;
  fmt::print(stderr, "{}{}\n", style_ == Style::live ? "\r" : "", last_);
  std::fflush(stderr);
  open_ = false;
}

}  // namespace merit
