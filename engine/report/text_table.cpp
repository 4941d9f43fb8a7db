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

std::string pad(std::size_t width) {
  return std::string(width, ' ');
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
    std::size_t before = 0;  // of the decimal point
    for (const std::vector<std::string>& row : rows_) {
      before = std::max(before, integer_width(row[c]));
    }
    for (const std::vector<std::string>& row : rows_) {
      const bool shift = column.align == Align::decimal && !row[c].empty();
      cells.push_back(shift ? pad(before - integer_width(row[c])) + row[c] : row[c]);
    }
    std::size_t body = 0;
    for (const std::string& cell : cells) {
      body = std::max(body, display_width(cell));
    }
    const std::size_t width = std::max(body, display_width(column.header));
    const std::string gap = c == 0 ? "" : "  ";
    const auto add = [&](std::string& line, const std::string& cell, std::size_t left) {
      line += gap + pad(left) + cell + pad(width - left - display_width(cell));
    };
    const bool right = column.align == Align::decimal;
    add(lines[0], column.header, right ? width - display_width(column.header) : 0);
    for (std::size_t r = 0; r < cells.size(); ++r) {
      add(lines[r + 1], cells[r], right ? width - body : 0);
    }
  }
  std::string out;
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
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
