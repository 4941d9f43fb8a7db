// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "engine/error.hpp"

namespace merit {

/// The task crashed, or needed too much: what it read is damaged.
class CrashError : public IoError {
 public:
  using IoError::IoError;
};

/// Runs `task` in a child process and returns what it returns. If the task throws one of
/// merit's errors it is thrown here; if it crashes or needs more than `cpu_seconds`, an
/// CrashError says so and nothing else is harmed. Its memory is bounded by half of the machine's.
/// Signals that ask merit to stop are this process's to answer; the child passes them over.
///
/// The child is a copy of this process (fork), so `task` must not talk to other processes or
/// write to open files. Call it before memory grows.
///
/// @param subject  what the task reads: begins the message if the task crashes
/// @throws IoError also if no process can be made, or if another killed it
std::string run_isolated(const std::string& subject,
                         int cpu_seconds,
                         const std::function<std::string()>& task);

/// Seconds of computing that no sound file's description takes: one needs milliseconds, or
/// some seconds in files of many gigabytes with small chunks.
int patience(const std::string& path);

}  // namespace merit
