// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/cli/model_options.hpp"
#include "engine/cli/row_source.hpp"
#include "engine/run/block_loop.hpp"
#include "engine/run/communicator.hpp"

/// Columns that are no variables of a model but say how its rows and groups count: checked in
/// passes of their own, before all others.
namespace merit {

/// @throws DataError for frequency weights that are none, and groups that have none.
/// *Collective*
void check_frequencies(const Communicator& comm,
                       const ModelOptions& options,
                       Table& table,
                       const Design& design,
                       const BlockLoopOptions& loop);

/// Which stratum each group is in.
struct GroupStrata {
  std::vector<std::int32_t>
      stratum;                     ///< of each group, in the order of their keys, from 0
  std::vector<std::string> label;  ///< of each stratum
};

/// The strata of `--strata column`. *Collective*
/// @throws DataError if a used row has none, rows of one group have different ones, or no stratum
///         has two groups
GroupStrata read_strata(const Communicator& comm,
                        const std::string& column,
                        Table& table,
                        const Design& design,
                        const BlockLoopOptions& loop);

}  // namespace merit
