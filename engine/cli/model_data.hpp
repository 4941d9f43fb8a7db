// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cli/options.hpp"
#include "engine/cli/side_columns.hpp"
#include "engine/fit/glmm_fit.hpp"
#include "engine/model/group_moments.hpp"
#include "engine/model/group_rows.hpp"
#include "engine/model/nesting.hpp"
#include "engine/model/survey.hpp"
#include "engine/run/communicator.hpp"

namespace merit {

struct NestedModel;

/// A model on its data: what remains of a snapshot once it has been read. The same on all
/// ranks.
struct ModelData {
  std::vector<std::string> terms;        ///< p, names of the coefficients
  std::string group;                     ///< grouping column
  std::vector<std::string> group_level;  ///< J
  GroupStrata strata;                    ///< if asked for: J groups
  GroupedStats stats;
  std::shared_ptr<const GroupRows> rows;  ///< if asked for
  /// With sampling weights, of a Gaussian model: the weighted statistics (fit/weighted_fit.hpp).
  std::shared_ptr<const GroupedStats> weighted;
  /// Families other than the Gaussian; `terms` then has the family's own parameters too.
  std::shared_ptr<const GlmmModel> glmm;
  std::shared_ptr<const NestedModel> nested;  ///< --null

  std::string digest;
  RowCounts counts;
  std::vector<std::pair<std::string, std::int64_t>> rows_dropped;  ///< columns with any
  std::vector<std::string> notes;  ///< what a reader should know, e.g. dropped columns
};

/// A nested model on the same rows.
struct NestedModel {
  ModelData data;
  Nesting nesting;  ///< how its columns are made of the model's
};

/// What a command needs besides the pooled statistics.
struct ModelNeeds {
  WithinDetail within = WithinDetail::pooled;
  bool rows = false;                       ///< all rows in memory
  std::optional<std::string> strata = {};  ///< column with the strata of groups
};

/// Opens the snapshot, resolves the formula, and reads the rows once (twice if the formula
/// has factors, gmean or scale), each rank its share of the blocks. *Collective*
///
/// @param examined  what examine_snapshot has found in it; null: examine it. With it threads may
///                  read models of one snapshot at once, on Communicator::single()
/// @throws on all ranks what the snapshot, the formula or the design find wrong; DataError
///         naming them if columns are collinear and --drop-collinear is off; UsageError naming
///         a column of --null that is no combination of the model's
ModelData read_model_data(const Communicator& comm,
                          const ModelOptions& options,
                          const RunSettings& run,
                          const ModelNeeds& needs,
                          const std::string* examined = nullptr);

}  // namespace merit
