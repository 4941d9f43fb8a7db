// SPDX-License-Identifier: MIT
#pragma once

#include "engine/study/problems.hpp"
#include "engine/study/study.hpp"
#include "engine/study/table_reader.hpp"

namespace merit {

/// Reads [data.covariates] into the study, and the snapshots that they and group_size name:
///
///     x = { kind = "normal", mean = 0, sd = 1 }         # level = "row" or "group"
///     w = { kind = "binary", share = 0.5, level = "group" }
///     t = { kind = "halves" }                           # of the groups
///     age = { kind = "snapshot", snapshot = "f.h5", column = "age", group = "school" }
///
/// Of a snapshot's covariate `snapshot` and `group` are those of group_size unless given, `column` its
/// own name; where = "wave == 2019" chooses rows, for all that is taken of the file; equals = "female" makes 1 of a level and 0 of all others; resample = "rows" draws any
/// rows instead of those of real groups.
///
/// @param snapshots  reads one; none: `stored` has what was read
/// @param stored     the table [read] of with_snapshots(), or null
void read_covariates(const TableReader& data,
                     const ReadSnapshot& snapshots,
                     const TomlNode* stored,
                     Study& study,
                     Problems& problems);

}  // namespace merit
