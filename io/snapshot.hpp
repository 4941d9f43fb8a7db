// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "engine/model/table.hpp"

namespace merit {

/// Opens one data frame of an HDF5 file. Three layouts are read:
///
///  * a data frame as AnnData writes it (`encoding-type` = `dataframe`): numbers, booleans,
///    text, categories (`codes` + `categories`), nullable columns (`values` + `mask`); the
///    index is offered as one more column, after the others;
///  * a group of 1-D datasets of equal length: numbers, booleans, text, HDF5 enumerations;
///  * a 1-D compound dataset of the same: what rhdf5 and hdf5r write for a data.frame, h5py
///    for a record array.
///
/// Missing are NaN, code −1, masked values, and what R's packages write for NA: −2147483648
/// in a 32-bit integer, a value without name in an enumeration, "NA" in text that rhdf5 has
/// marked `as.na`. Integers are read exactly; one that no double holds is a DataError.
///
/// Opening reads names, types and shapes; values are read when asked for, of the columns
/// asked for only. A column that cannot be used is an error only when it is used: `read`
/// and `levels` then throw DataError naming it. In a group the number of rows is the most
/// common length among its columns; a column of another length cannot be used.
///
/// @param table  path of the group or dataset in the file
/// @throws InputError  the file is missing, unreadable, not HDF5, or a result file
/// @throws IoError     the file is truncated or damaged
/// @throws DataError   there is no such table in it; the text lists what there is
std::unique_ptr<Table> open_snapshot(const std::string& path,
                                     const std::string& table = "/data");

/// The same in two steps, for many processes that read one file: one of them examines it, and
/// all open what it found, without HDF5. HDF5 meets the file only in `examine_snapshot`, in a
/// child process that may crash: no damaged file takes the caller along. (What stays open is
/// the file itself; values are read with plain reads, each checked against its size.)
///
/// @returns bytes for open_examined_snapshot, on the same kind of machine
/// @throws  as open_snapshot; IoError if no child process can be made
std::string examine_snapshot(const std::string& path, const std::string& table = "/data");

/// @throws InputError if the file is not there; DataError, IoError as open_snapshot
std::unique_ptr<Table> open_examined_snapshot(const std::string& path,
                                              const std::string& table,
                                              const std::string& examined);

}  // namespace merit
