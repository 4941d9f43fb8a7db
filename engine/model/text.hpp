// SPDX-License-Identifier: MIT
#pragma once

// Words for people: numbers as R writes them, near misses of names, and errors that point
// at the place in what the user typed.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/error.hpp"

namespace merit {

/// Something the user typed, and where: {"formula", "y ~ x + (1 | g)"}.
struct Source {
  std::string what;
  std::string text;
};

/// A usage error that shows where it is:
///
///     formula: expected a value after '+', found ')'
///       y ~ (x + ) + (1 | g)
///                ^
///
/// @param position  byte offset into source.text; its size points behind the end
UsageError error_at(const Source& source,
                    std::size_t position,
                    const std::string& message);

/// A number as R's as.character and deparse write it: up to 15 significant digits, the
/// shorter of fixed and scientific notation ("0.1", "100000" is "1e+05", "123456").
std::string format_number(double value);

/// The shortest text that reads back as the same double: "2019", "0.1".
std::string shortest(double value);

/// A number as the level of a factor: whole numbers in full ("100000", as R's integers),
/// others as format_number.
std::string level_text(double value);

/// The candidate with the fewest insertions, deletions, replacements and swaps of
/// neighbours to `wanted`, upper and lower case counting as half a replacement; the first
/// of equals, "" if there are no candidates.
std::string nearest_name(std::string_view wanted,
                         const std::vector<std::string>& candidates);

/// ", did you mean 'regime'?" where one is near (a slip in every third letter), otherwise
/// "; there are 'age', 'regime', 'sex'"; "" without candidates.
std::string did_you_mean(std::string_view wanted,
                         const std::vector<std::string>& candidates);

/// "a, b, c"; of a list of more than `most` + 1 the first and how many more there are.
std::string first_few(const std::vector<std::string>& names,
                      std::size_t most = 5,
                      std::string_view separator = ", ");

/// A name as R writes it: in backquotes unless it is syntactic (`length of stay`).
std::string quote_name(std::string_view name);

}  // namespace merit
