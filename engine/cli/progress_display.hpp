// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/cli/options.hpp"
#include "engine/run/progress.hpp"

namespace merit {

/// Shows on stderr how far a run is: on a terminal one line that is written over, in a log a
/// line every 30 s and one at the end.
class ProgressDisplay {
 public:
  /// @param what  e.g. "replicates"
  ProgressDisplay(ProgressMode mode, std::string what);
  void show(const Progress& progress);
  /// Leaves the last state on a line of its own.
  void close();

 private:
  enum class Style { silent, live, lines };
  Style style_;
  std::string what_;
  double next_line_seconds_ = 30.0;
  std::string last_;
  bool open_ = false;
};

}  // namespace merit
