// SPDX-License-Identifier: MIT
#include "engine/report/text_table.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace merit {
namespace {

/// Characters before the decimal point: all of them where there is none.
std::size_t integer_width(const std::string& cell) {
  return std::min(cell.find('.'), cell.size());
}

/// Shifts numbers so that their decimal points stand in one column.
void align_decimals(std::vector<std::string>& cells) {
  std::size_t before = 0;
  for (const std::string& cell : cells)
    before = std::max(before, integer_width(cell));
  for (std::string& cell : cells) {
    if (!cell.empty()) cell.insert(0, before - integer_width(cell), ' ');
  }
}

std::size_t widest(const std::vector<std::string>& cells) {
  std::size_t width = 0;
  for (const std::string& cell : cells)
    width = std::max(width, display_width(cell));
  return width;
}

/// Appends `text` in a field `width` wide, `left` blanks first.
void append_field(std::string& line,
                  const std::string& text,
                  std::size_t left,
                  std::size_t width) {
  line.append(left, ' ');
  line += text;
  line.append(width - left - display_width(text), ' ');
}

}  // namespace

std::size_t display_width(const std::string& text) {
  // Continuation bytes of UTF-8 are 10xxxxxx.
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

void TextTable::add_column(std::string header, Align align) {
  assert(rows_.empty());
  columns_.push_back({std::move(header), align});
}

void TextTable::add_row(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::text(const std::string& indent) const {
  std::vector<std::string> lines(rows_.size() + 1, indent);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = columns_[c];
    std::vector<std::string> cells;
    cells.reserve(rows_.size());
    for (const std::vector<std::string>& row : rows_)
      cells.push_back(row[c]);
    const bool decimal = column.align == Align::decimal;
    if (decimal) align_decimals(cells);

    // Numbers stand at the right as one body; text at the left.
    const std::size_t body = widest(cells);
    const std::size_t header = display_width(column.header);
    const std::size_t width = std::max(body, header);
    append_field(lines[0], column.header, decimal ? width - header : 0, width);
    for (std::size_t r = 0; r < cells.size(); ++r) {
      append_field(lines[r + 1], cells[r], decimal ? width - body : 0, width);
    }
    for (std::string& line : lines)
      line.append("  ");
  }
  std::string out;
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    out += line;
    out += '\n';
  }
  return out;
}

std::string with_separators(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t sign = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3; at -= 3) {
    digits.insert(at - 3, ",");
  }
  return digits;
}

std::string number_text(double value, double scale) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0.0 ? "Inf" : "-Inf";
  if (!std::isfinite(scale) || scale == 0.0) scale = value;
  if (scale == 0.0) return "0";
  const double exponent = std::floor(std::log10(std::abs(scale)));
  const bool plain = exponent >= -5.0 && exponent <= 8.0 && std::abs(value) < 1e12;
  if (!plain) return fmt::format("{:.4g}", value);
  return fmt::format("{:.{}f}", value, static_cast<int>(std::max(0.0, 3.0 - exponent)));
}

std::string p_value_text(double p) {
  return p < 0.0001 ? "<0.0001" : fmt::format("{:.4f}", p);
}

}  // namespace merit
