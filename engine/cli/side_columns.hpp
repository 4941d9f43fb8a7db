// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
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

/// Sampling weights of groups, and what those of their rows are to be multiplied with.
struct SamplingWeights {
  std::vector<double>
      group;  ///< J, in the order of their keys; 1 without --group-pweights
  std::vector<double> factor;  ///< J; 1 without --pweights

  /// The scaled weight of a row of the j-th group. @param given  of rows, `row` one of them;
  ///                                                             empty: 1
  double of_row(std::int64_t j, std::span<const double> given, std::size_t row) const {
    return factor[static_cast<std::size_t>(j)] * (given.empty() ? 1.0 : given[row]);
  }
};

/// The weights of --pweights and --group-pweights. *Collective*
/// @throws DataError if a weight is missing or negative, all in a group are 0, or rows of one
///         group have different group weights
SamplingWeights read_sampling_weights(const Communicator& comm,
                                      const ModelOptions& options,
                                      Table& table,
                                      const Design& design,
                                      const BlockLoopOptions& loop);

}  // namespace merit
