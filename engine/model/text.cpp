// SPDX-License-Identifier: MIT
#include "engine/model/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace merit {
namespace {

constexpr std::size_t kExcerptBytes = 72;

bool continues_character(char byte) {  // of UTF-8
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// In halves: what differs in case only costs one, anything else two.
int replacement_cost(char a, char b) {
  if (a == b) return 0;
  return lower(a) == lower(b) ? 1 : 2;
}

// Optimal string alignment (Damerau 1964 with neighbours swapped at most once).
int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> before_last(b.size() + 1);
  std::vector<int> last(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = 2 * static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = 2 * static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 2,
                         row[j - 1] + 2,
                         last[j - 1] + replacement_cost(a[i - 1], b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 2);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

UsageError error_at(const Source& source,
                    std::size_t position,
                    const std::string& message) {
  std::string line = source.text;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  position = std::min(position, line.size());

  std::size_t first = position > kExcerptBytes / 2 ? position - kExcerptBytes / 2 : 0;
  if (line.size() <= kExcerptBytes) first = 0;
  while (first > 0 && continues_character(line[first]))
    --first;
  std::size_t last = std::min(first + kExcerptBytes, line.size());
  while (last < line.size() && continues_character(line[last]))
    ++last;
  const std::string before = first > 0 ? "..." : "";
  const std::string after = last < line.size() ? "..." : "";

  const auto width = std::count_if(line.begin() + static_cast<std::ptrdiff_t>(first),
                                   line.begin() + static_cast<std::ptrdiff_t>(position),
                                   [](char c) { return !continues_character(c); });
  return UsageError(
      fmt::format("{}: {}\n  {}{}{}\n  {}^",
                  source.what,
                  message,
                  before,
                  line.substr(first, last - first),
                  after,
                  std::string(before.size() + static_cast<std::size_t>(width), ' ')));
}

std::string format_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  if (value == 0.0) return "0";
  // Fewest significant digits that give the same number to 15 of them.
  const double rounded = std::strtod(fmt::format("{:.14e}", value).c_str(), nullptr);
  int digits = 1;
  std::string scientific;
  for (; digits <= 15; ++digits) {
    scientific = fmt::format("{:.{}e}", value, digits - 1);
    if (std::strtod(scientific.c_str(), nullptr) == rounded) break;
  }
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  const int decimals = std::max(0, std::min(digits, 15) - exponent - 1);
  const std::string fixed = fmt::format("{:.{}f}", value, decimals);
  return fixed.size() <= scientific.size() ? fixed : scientific;
}

std::string shortest(double value) {
  return fmt::format("{}", value);
}

std::string level_text(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return fmt::format("{}", static_cast<long long>(value));
  }
  return format_number(value);
}

std::string nearest_name(std::string_view wanted,
                         const std::vector<std::string>& candidates) {
  std::string nearest;
  int least = -1;
  for (const std::string& candidate : candidates) {
    const int distance = edit_distance(wanted, candidate);
    if (least < 0 || distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string did_you_mean(std::string_view wanted,
                         const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "";
  const std::string nearest = nearest_name(wanted, candidates);
  // In halves, as the distance: a slip in every third letter, one in a short name.
  const int most = 2 * std::max<int>(1, (static_cast<int>(wanted.size()) + 2) / 3);
  if (edit_distance(wanted, nearest) <= most) {
    return fmt::format(", did you mean '{}'?", nearest);
  }
  constexpr std::size_t kListed = 8;
  const std::size_t listed =
      candidates.size() <= kListed + 1 ? candidates.size() : kListed;
  std::string list;
  for (std::size_t i = 0; i < listed; ++i)
    list += fmt::format("{}'{}'", i > 0 ? ", " : "", candidates[i]);
  if (listed < candidates.size()) {
    list += fmt::format(" and {} more", candidates.size() - listed);
  }
  return (candidates.size() == 1 ? "; there is only " : "; there are ") + list;
}

std::string quote_name(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kReserved = {
      "TRUE", "FALSE", "NA", "NaN", "Inf", "NULL", "if", "else", "for", "function"};
  const auto is_digit = [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  };
  const auto is_part = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '.' || c == '_' || byte >= 0x80;
  };
  const bool syntactic =
      !name.empty() && std::all_of(name.begin(), name.end(), is_part) && name[0] != '_' &&
      !is_digit(name[0]) && !(name[0] == '.' && name.size() > 1 && is_digit(name[1])) &&
      std::find(kReserved.begin(), kReserved.end(), name) == kReserved.end();
  return syntactic ? std::string(name) : fmt::format("`{}`", name);
}

std::string first_few(const std::vector<std::string>& names,
                      std::size_t most,
                      std::string_view separator) {
  if (names.size() <= most + 1) return fmt::format("{}", fmt::join(names, separator));
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(most);
  return fmt::format(
      "{} and {} more", fmt::join(names.begin(), end, separator), names.size() - most);
}

}  // namespace merit
