// SPDX-License-Identifier: MIT
#include "engine/study/problems.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {

void Problems::throw_if_any(const std::string& file) const {
  if (found_.empty()) return;
  std::vector<std::pair<int, std::string>> sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  std::string text =
      fmt::format("{}: {} problem{}", file, sorted.size(), sorted.size() == 1 ? "" : "s");
  for (const auto& [line, what] : sorted) {
    text += line > 0 ? fmt::format("\n  line {}: ", line) : "\n  ";
    for (const char c : what) {
      text += c;
      if (c == '\n') text += "    ";
    }
  }
  throw UsageError(text);
}

}  // namespace merit
