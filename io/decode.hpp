// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/catalogue.hpp"
#include "io/text_heap.hpp"

namespace merit {

/// Values of one column among rows as the file stores them.
struct RawValues {
  const std::byte* begin;
  std::size_t stride;  ///< bytes from one row to the next
  TextHeap& heap;

  const std::byte* at(std::size_t row) const { return begin + row * stride; }
};

/// Levels of a text column: text → its index.
using LevelIndex = std::unordered_map<std::string_view, double>;

/// Converts to doubles: numbers as they are, categories and text as level indices, NaN for
/// missing. `first_row` is for messages only; `index` is used for text.
/// @throws DataError if there is a code without category, or an integer that no double holds
/// @throws IoError   if a text cannot be read
///         Messages go on from the column's name: "has in row 3 …".
void decode(const Column& column,
            const RawValues& raw,
            std::int64_t first_row,
            const LevelIndex& index,
            std::span<double> out);

/// Sets NaN where the mask is nonzero.
void apply_mask(const hdf5::Type& type, const RawValues& mask, std::span<double> out);

/// A text value; valid until the next call.
std::string_view text_of(const hdf5::Type& type, const RawValues& raw, std::size_t row);

/// Whether a text stands for a missing value.
bool is_missing_text(const Column& column, std::string_view text);

/// Texts for levels, of whatever type: numbers as the shortest text that reads back the same.
std::vector<std::string> level_texts(const hdf5::Type& type,
                                     const RawValues& raw,
                                     std::size_t count);

}  // namespace merit
