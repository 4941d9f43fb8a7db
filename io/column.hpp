// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/model/table.hpp"
#include "io/hdf5.hpp"

namespace merit {

/// How a column's stored values stand for what they mean.
enum class Encoding {
  number,       ///< integers and floating-point numbers
  boolean,      ///< 0 and 1, of an enumeration or an integer; anything else is missing
  codes,        ///< AnnData: index into `categories`, −1 is missing
  enumeration,  ///< value of an HDF5 enumeration, unnamed values are missing (hdf5r's NA)
  text,         ///< strings; the levels are the distinct ones
};

/// One column of a snapshot: where its values are and how they are to be read.
struct Column {
  ColumnInfo info;
  Encoding encoding = Encoding::number;
  hdf5::Type type;  ///< of the stored values, or of the member of a compound

  /// Why it cannot be used; empty if it can. Concerns nobody who does not use it.
  std::string problem;

  std::optional<hdf5::Dataset> values;      ///< none in a compound dataset
  std::size_t member = 0;                   ///< of the compound dataset
  std::optional<hdf5::Dataset> mask;        ///< nonzero: missing
  std::optional<hdf5::Dataset> categories;  ///< of `codes`
  bool na_is_missing = false;               ///< the text "NA" (rhdf5 writes R's NA so)

  bool levels_known = false;
  std::vector<std::string> levels;
  std::unordered_map<std::string_view, double> index_of;  ///< text: level → its index
};

/// Sets encoding, kind and description from the stored type (`problem` if there is no way).
void set_encoding(Column& column, const hdf5::Type& type);

/// Raw values of one column in rows as the file stores them.
struct RawValues {
  const hdf5::RawRows& rows;
  std::size_t member = 0;  ///< which member of the rows read
};

/// Converts to doubles: numbers as they are, categories and text as level indices, NaN for
/// missing. `first_row` is for messages only.
/// @throws DataError naming column and row: a code without category, an integer that no
///         double holds
void decode(const Column& column,
            const RawValues& raw,
            std::int64_t first_row,
            std::span<double> out);

/// Sets NaN where the mask is nonzero.
void apply_mask(const hdf5::RawRows& mask, const hdf5::Type& type, std::span<double> out);

/// Whether a boolean or integer is nonzero.
bool nonzero(const hdf5::RawRows& rows, std::int64_t row);

/// Whether a row's text stands for a missing value.
bool is_missing_text(const Column& column, std::string_view text);

/// Reads the level texts of a `codes` column; numbers become the shortest text that reads back
/// the same. @throws DataError if two levels have the same text
void read_categories(Column& column);

/// Why a dataset cannot hold what it says it holds, in a file of `file_size` bytes; empty if
/// it can. Keeps damaged sizes from being believed.
std::string why_implausible(const hdf5::Dataset& dataset, std::int64_t file_size);

}  // namespace merit
