// SPDX-License-Identifier: MIT
#include "engine/run/progress.hpp"

#include <cmath>

#include <fmt/format.h>

namespace merit {

double Progress::rate() const {
  return seconds > 0.0 ? static_cast<double>(done - skipped) / seconds : 0.0;
}

std::optional<double> Progress::seconds_left() const {
  if (done >= total) return 0.0;
  if (rate() <= 0.0) return std::nullopt;
  return static_cast<double>(total - done) / rate();
}

std::string progress_line(const Progress& progress) {
  const double percent = progress.total == 0
                             ? 100.0
                             : 100.0 * static_cast<double>(progress.done) /
                                   static_cast<double>(progress.total);
  // Rounded down: 100.0% means that all are done.
  std::string line = fmt::format("{}/{} ({:.1f}%)",
                                 progress.done,
                                 progress.total,
                                 std::floor(10.0 * percent) / 10.0);
  const double rate = progress.rate();
  if (rate > 0.0) line += fmt::format(", {:.{}f}/s", rate, rate < 100.0 ? 1 : 0);
  if (progress.done < progress.total) {
    const std::optional<double> left = progress.seconds_left();
    if (left) line += fmt::format(", {} left", duration_text(*left));
  } else {
    line += fmt::format(" in {}", duration_text(progress.seconds));
  }
  if (progress.failed > 0) line += fmt::format(", {} failed", progress.failed);
  if (progress.checkpoint_age && progress.done < progress.total) {
    const double age = *progress.checkpoint_age;
    line += ", saved ";
    line += age < 1.0    ? "now"
            : age < 60.0 ? fmt::format("{:.0f} s ago", age)
                         : duration_text(age) + " ago";
  }
  return line;
}

std::string duration_text(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto s = static_cast<std::int64_t>(std::llround(seconds));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
  return fmt::format("{} d {:02} h", s / 86400, s % 86400 / 3600);
}

}  // namespace merit
