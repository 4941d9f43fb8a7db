// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

namespace merit {

/// Runs `task` in a child process and returns what it returns. If the task throws one of
/// merit's errors it is thrown here; if it crashes or needs more than `cpu_seconds`, an
/// IoError says so and nothing else is harmed.
///
/// The child is a copy of this process (fork), so `task` must not talk to other processes or
/// write to open files. Call it before memory grows.
///
/// @param subject  what the task reads: begins the message if the task crashes
/// @throws IoError also if no process can be made
std::string run_isolated(const std::string& subject,
                         int cpu_seconds,
                         const std::function<std::string()>& task);

}  // namespace merit
