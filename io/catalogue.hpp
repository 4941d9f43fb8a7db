// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/table.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_location.hpp"

namespace merit {

/// How a column's stored values stand for what they mean.
enum class Encoding : std::uint8_t {
  number,       ///< integers and floating-point numbers
  boolean,      ///< 0 and 1, of an enumeration or an integer; anything else is missing
  codes,        ///< AnnData: index into `categories`, −1 is missing
  enumeration,  ///< value of an HDF5 enumeration, unnamed values are missing (hdf5r's NA)
  text,         ///< strings; the levels are the distinct ones
};

/// Values of one type, one behind the other.
struct StoredVector {
  hdf5::Type type;
  std::int64_t num_rows = 0;
  hdf5::Location location;
};

/// One column: what it is, where its values are and how they are to be read.
struct Column {
  ColumnInfo info;
  Encoding encoding = Encoding::number;

  /// Why it cannot be used; empty if it can. Concerns nobody who does not use it.
  std::string problem;
  bool damaged = false;  ///< the problem is the file's, not the data's

  hdf5::Type type;                         ///< of the stored values
  std::optional<StoredVector> values;      ///< none in a compound dataset
  std::int64_t member_offset = 0;          ///< in a row of the compound dataset, bytes
  std::optional<StoredVector> mask;        ///< nonzero: missing
  std::optional<StoredVector> categories;  ///< of `codes`
  bool na_is_missing = false;              ///< the text "NA" (rhdf5 writes R's NA so)
};

/// All that HDF5 has to say about a data frame. From here on its values are read without
/// HDF5, every offset and size checked against the file: HDF5's library does not survive
/// every damaged file, so it meets unknown files only in a process of its own.
struct Catalogue {
  std::string layout;  ///< "data frame", "group of datasets", "compound dataset"
  std::int64_t num_rows = 0;
  std::vector<Column> columns;
  std::optional<StoredVector> compound;  ///< rows that hold the values of all columns

  // Filled on request, for `merit inspect`:
  std::vector<std::pair<std::string, std::string>> attributes;  ///< of the root, as text
  std::vector<std::string> other_tables;                        ///< paths
};

/// "/data" for "data", "/data" and "data/": how `table` is given below.
std::string table_path(std::string table);

enum class Surroundings { left_out, included };

/// Makes the catalogue of a table in a process of its own. @throws as `open_snapshot`
Catalogue catalogue(const std::string& path,
                    const std::string& table,
                    Surroundings surroundings);

/// The table that a catalogue describes, once it has been distrusted.
/// @throws InputError if the file has gone; DataError if no column can be used
std::unique_ptr<Table> open_catalogued(const std::string& path,
                                       const std::string& table,
                                       Catalogue catalogue);

// --- its parts -------------------------------------------------------------------------

/// Makes the catalogue with HDF5, in this process.
Catalogue read_catalogue(const std::string& path,
                         const std::string& table,
                         Surroundings surroundings);

/// A data frame as AnnData specifies it.
Catalogue catalogue_dataframe(const hdf5::Group& group);
/// A group of 1-D datasets of equal length.
Catalogue catalogue_group(const hdf5::Group& group);
/// A 1-D compound dataset. @throws DataError if it is not one
Catalogue catalogue_compound(hdf5::Dataset dataset);

/// Something in a file that can be read as a table, or not.
struct TableCandidate {
  std::string path;
  std::string layout;  ///< as above; empty if it is no table
};

/// Tables in a file's root and one level below, and other things in its root. Looks at names
/// and attributes only, and at no more than a few hundred objects.
std::vector<TableCandidate> find_tables(const hdf5::Group& root);

/// The catalogue as bytes, for the way from one process to another on the same machine.
std::string pack(const Catalogue& catalogue);
/// @throws IoError if the bytes are not a packed catalogue
Catalogue unpack(const std::string& bytes);

/// Notes as a `problem` whatever in the catalogue cannot be true of a file of `file_size`
/// bytes. @throws IoError "the table …" if the rows of a compound dataset cannot
void distrust(Catalogue& catalogue, std::int64_t file_size);

}  // namespace merit
