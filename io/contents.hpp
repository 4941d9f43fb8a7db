// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/column.hpp"
#include "io/hdf5.hpp"

namespace merit {

/// What a data frame consists of, in whichever layout it was found.
struct Contents {
  std::string
      layout;  ///< for people: "data frame", "group of datasets", "compound dataset"
  std::vector<Column> columns;
  std::optional<hdf5::Dataset> compound;  ///< holds the values of all columns
  std::int64_t num_rows = 0;
};

/// A data frame as AnnData specifies it.
Contents dataframe_contents(const hdf5::Group& group, std::int64_t file_size);

/// A group of 1-D datasets of equal length.
Contents group_contents(const hdf5::Group& group, std::int64_t file_size);

/// A 1-D compound dataset. @throws DataError if it is not one
Contents compound_contents(hdf5::Dataset dataset, std::int64_t file_size);

/// Something in a file that can be read as a table, or not.
struct TableCandidate {
  std::string path;
  std::string layout;  ///< as above; empty if it is no table
};

/// Tables in a file's root and one level below, and other things in its root. Looks at names
/// and attributes only, and at no more than a few hundred objects.
std::vector<TableCandidate> find_tables(const hdf5::Group& root);

}  // namespace merit
