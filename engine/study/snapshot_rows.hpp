// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/study/study.hpp"

namespace merit {

/// Which rows of a snapshot a data set's rows are. Covariates of one snapshot take the same rows, so
/// that what goes together in the real data stays together:
///
///     sizes from this snapshot   group j is a real group as it is, all of its rows
///     by groups                  for each group j a real group h is drawn, and n_j rows of h with
///                                replacement: differences between groups stay
///     by rows                    n rows of any group with replacement: none stay
///
/// Groups are drawn with replacement, all with the same probability. A pure function of (seed,
/// task): streams of their own for groups, their rows and any rows of each snapshot.

/// The real groups, one for each of a data set's.
void draw_groups(const Study& study,
                 std::size_t snapshot,
                 std::int64_t task,
                 std::int64_t num_groups,
                 std::vector<std::int64_t>& group);

/// @param group  as draw_groups; of the snapshot with the sizes those that sizes are of
/// @param size   of the data set's groups
void draw_rows(const Study& study,
               std::size_t snapshot,
               bool by_rows,
               std::int64_t task,
               const std::vector<std::int64_t>& group,
               const std::vector<std::int64_t>& size,
               std::vector<std::int64_t>& row);

}  // namespace merit
