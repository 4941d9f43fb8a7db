// SPDX-License-Identifier: MIT
#include "engine/report/csv_field.hpp"

#include <cmath>

#include <fmt/format.h>

namespace merit {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string csv_field(double value) {
  if (std::isnan(value)) return "";
  if (std::isinf(value)) return value > 0.0 ? "Inf" : "-Inf";
  return fmt::format("{}", value);
}

}  // namespace merit
