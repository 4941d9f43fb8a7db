// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

namespace merit {

/// How to start a user's own estimator, and how long it may take over a data set.
struct ExternalCommand {
  std::string command;       ///< a line for /bin/sh
  double timeout = 60.0;     ///< seconds
  bool show_stderr = false;  ///< else it goes nowhere
};

/// A program that is kept running and answers questions in lines of text: one process of one
/// thread. It is started when it is first asked, in a process group of its own, so that
/// signals for the job do not reach it; at the end its input is closed, on which it should end.
///
/// A program that ends without an answer (a crash, or a scheduler's signal to everybody) is
/// started again and asked once more. One that takes too long is killed.
class ExternalWorker {
 public:
  explicit ExternalWorker(ExternalCommand command) : command_(std::move(command)) {}
  ExternalWorker(const ExternalWorker&) = delete;
  ExternalWorker& operator=(const ExternalWorker&) = delete;
  ~ExternalWorker() { stop(); }

  /// What it writes up to a line "end", or a first line that begins with "failed", that line
  /// included; nothing if there is no such answer.
  std::optional<std::string> ask(const std::string& question);

 private:
  enum class Outcome { answered, ended, late };

  bool start();
  void stop();
  Outcome exchange(const std::string& question, std::string& answer);

  ExternalCommand command_;
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;  ///< its input and output
};

}  // namespace merit
