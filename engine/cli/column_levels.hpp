// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/model/table.hpp"
#include "engine/study/sensitivity.hpp"

namespace merit {

/// What a column holds: categories, or a few different numbers, in their order; those that do
/// not occur and missing values are left out.
/// @throws DataError if the column is not there, or has more than `most` levels
ColumnLevels levels_of(Table& table, const std::string& column, std::size_t most = 1000);

/// How many values of a column are in rows with different values of another: persons in
/// several waves. Rows where either is missing do not count.
/// @throws DataError if a column is not there, IoError
std::int64_t num_in_several(Table& table,
                            const std::string& column,
                            const std::string& other);

}  // namespace merit
