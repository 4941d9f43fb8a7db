// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace merit {

/// From here on SIGTERM, SIGUSR1 and SIGINT end the process at once with code 75, as they do
/// before and after the tasks of a job: for main to call first, because MPI's start takes long
/// enough to be met by a signal, and whoever sees the exit code should know that the job can
/// go on.
/// @param speaks  whether to say so: false where other ranks may say the same
void end_on_stop_signals(bool speaks);

/// Turns what asks a job to stop (SIGTERM, SIGUSR1, SIGINT, a time limit) into a question that
/// the task runner asks. One per process at a time.
///
/// Schedulers give some seconds between the first signal and SIGKILL, and on some paths none:
/// so signals only decide how politely a job ends, never what is kept. While tasks run, a
/// signal is noted (stop_requested), told in a line at once, in case nobody is left to tell
/// more (mpirun gives the other ranks of one that died a second), and the run ends in good
/// order. Before and after, when
/// there is nothing to bring to an end, it ends the process at once with code 75.
///
/// The time limit is a timer of this process, so that it also holds while data are read.
class StopSignals {
 public:
  /// @param speaks  whether to say what a signal does: one rank does
  /// @param time_limit  seconds from now
  StopSignals(bool speaks, std::optional<double> time_limit);
  ~StopSignals();  ///< what the signals did before
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  StopSignals(StopSignals&&) = delete;
  StopSignals& operator=(StopSignals&&) = delete;

  /// From here to the other signals are only noted; a second SIGINT still ends the process.
  void note_only();
  void end_at_once();

  /// Whether one came since. Cheap, any thread.
  static bool stop_requested();
  /// "SIGTERM", "the time limit"; "another rank" if this one was not asked.
  static std::string reason();
};

}  // namespace merit
