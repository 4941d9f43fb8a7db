// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace merit {

/// Columns of text under headers, each as wide as its content needs.
class TextTable {
 public:
  enum class Align {
    left,
    decimal,  ///< decimal points one below the other; headers to the right
  };

  void add_column(std::string header, Align align);
  /// @param cells  one per column; empty cells are blank
  void add_row(std::vector<std::string> cells);

  bool empty() const { return rows_.empty(); }
  /// Lines, each after `indent` and ending in \n without trailing blanks.
  std::string text(const std::string& indent) const;

 private:
  struct Column {
    std::string header;
    Align align = Align::left;
  };
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Characters on a screen, taking each code point of the UTF-8 text as one.
std::size_t display_width(const std::string& text);

/// "1,234,567"
std::string with_separators(std::int64_t count);

/// A value with as many decimals as show four digits of `scale` (its standard error, or
/// itself where there is none); exponent form for very large and very small scales.
/// NaN and infinities as "NaN", "Inf", "-Inf".
std::string number_text(double value, double scale);

/// "0.0312", "<0.0001"
std::string p_value_text(double p);

}  // namespace merit
