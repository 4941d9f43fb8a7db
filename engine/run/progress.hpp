// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace merit {

/// How far a run is. Tasks count once their rows are with the sink.
struct Progress {
  std::int64_t done = 0;  ///< includes those of earlier runs, when resumed
  std::int64_t total = 0;
  std::int64_t skipped = 0;                   ///< of done, those of earlier runs
  std::int64_t failed = 0;                    ///< of those done in this run
  double seconds = 0.0;                       ///< since this run began
  std::optional<double> checkpoint_age = {};  ///< seconds; what was done then is safe

  /// Tasks per second in this run; 0 before the first is done.
  double rate() const;
  /// Until the end, at this rate; nothing while no task is done.
  std::optional<double> seconds_left() const;
};

/// One line without line end or control characters, for a log or a terminal:
/// "500/10000 (5.0%), 48.2/s, 3 min 17 s left, 2 failed, saved 4 s ago".
std::string progress_line(const Progress& progress);

/// "0.8 s", "45 s", "3 min 17 s", "2 h 05 min", "3 d 04 h".
std::string duration_text(double seconds);

}  // namespace merit
