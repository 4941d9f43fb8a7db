// SPDX-License-Identifier: MIT
#include "engine/cli/time_limit.hpp"

#include <array>
#include <charconv>
#include <vector>

namespace merit {
namespace {

constexpr double kMinute = 60.0;
constexpr double kHour = 3600.0;
constexpr double kDay = 86400.0;
constexpr double kLongest = 1000.0 * 365.0 * kDay;

/// Takes a number without sign or exponent off the front.
std::optional<double> take_number(std::string_view& text) {
  double value = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] =
      std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc() || text.starts_with('-') || !(value < kLongest)) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return value;
}

/// "30:00" and so on: the numbers between colons.
std::optional<std::vector<double>> parts_of(std::string_view text) {
  std::vector<double> parts;
  while (true) {
    const std::optional<double> part = take_number(text);
    if (!part) return std::nullopt;
    parts.push_back(*part);
    if (text.empty()) return parts;
    if (!text.starts_with(':')) return std::nullopt;
    text.remove_prefix(1);
  }
}

/// "d-hh", "d-hh:mm", "d-hh:mm:ss", "mm:ss", "hh:mm:ss".
std::optional<double> parse_clock(std::string_view text) {
  const std::size_t dash = text.find('-');
  std::optional<double> days = 0.0;
  if (dash != std::string_view::npos) {
    std::string_view before = text.substr(0, dash);
    days = take_number(before);
    if (!days || !before.empty()) return std::nullopt;
    text.remove_prefix(dash + 1);
  }
  const std::optional<std::vector<double>> parts = parts_of(text);
  if (!parts || parts->size() > 3) return std::nullopt;
  constexpr std::array<double, 3> units = {kHour, kMinute, 1.0};
  // With days the first number is hours; without, two are minutes and seconds.
  const std::size_t first =
      dash == std::string_view::npos ? units.size() - parts->size() : 0;
  double seconds = *days * kDay;
  for (std::size_t i = 0; i < parts->size(); ++i)
    seconds += (*parts)[i] * units.at(first + i);
  return seconds;
}

/// "2h30m": units that shrink.
std::optional<double> parse_units(std::string_view text) {
  double seconds = 0.0;
  double last_unit = 2.0 * kDay;
  while (!text.empty()) {
    const std::optional<double> number = take_number(text);
    if (!number || text.empty()) return std::nullopt;
    const double unit = text[0] == 'd'   ? kDay
                        : text[0] == 'h' ? kHour
                        : text[0] == 'm' ? kMinute
                        : text[0] == 's' ? 1.0
                                         : 0.0;
    if (unit == 0.0 || unit >= last_unit) return std::nullopt;
    last_unit = unit;
    seconds += *number * unit;
    text.remove_prefix(1);
  }
  return seconds;
}

}  // namespace

std::optional<double> parse_duration(std::string_view text) {
  std::optional<double> seconds;
  if (text.find_first_of(":-") != std::string_view::npos) {
    seconds = parse_clock(text);
  } else {
    std::string_view rest = text;
    seconds = take_number(rest);
    if (!rest.empty()) seconds = parse_units(text);
  }
  if (!seconds || !(*seconds > 0.0)) return std::nullopt;
  return seconds;
}

}  // namespace merit
