// SPDX-License-Identifier: MIT
#include "engine/cli/layout_lines.hpp"

#include <fmt/format.h>

#include "engine/run/layout.hpp"

namespace merit {

void warn_of_layout(const RunRecord& record) {
  for (const std::string& warning : layout_warnings(record.layout()))
    fmt::print(stderr, "merit: WARNING: {}\n", warning);
}

void say_layout(const RunRecord& record,
                ProgressMode progress,
                const std::string& what_else) {
  if (progress != ProgressMode::none) {
    fmt::print(stderr,
               "merit: {}, {}{}\n",
               describe(record.layout()),
               describe_cpus(record.layout()),
               what_else);
  }
  warn_of_layout(record);
}

}  // namespace merit
