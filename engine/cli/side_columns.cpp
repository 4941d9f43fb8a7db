// SPDX-License-Identifier: MIT
#include "engine/cli/side_columns.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/design.hpp"
#include "engine/model/frequency.hpp"
#include "engine/model/group_column.hpp"
#include "engine/model/sampling_weights.hpp"
#include "engine/model/text.hpp"
#include "engine/run/block_reduction.hpp"

namespace merit {
namespace {

/// A pass over the rows that brings together what is found in each block.
template <auto kUnpack, class Find>
struct SidePass {
  using Workspace = PassWorkspace;
  using Node = std::invoke_result_t<decltype(kUnpack), std::span<const std::byte>>;
  Table& table;
  const Design& design;
  const Find find;

  Workspace workspace() const { return {table.reader(design.table_columns()), {}, {}}; }
  Node leaf(std::int64_t block, Workspace& work) const {
    const BlockRange rows = rows_of_block(table, block);
    work.reader->read(rows.first, rows.count, work.rows);
    return find(work.rows);
  }
  Node merge(Node left, Node right) const { return merit::merge(left, right); }
  Bytes pack(const Node& node) const { return merit::pack(node); }
  Node unpack(std::span<const std::byte> bytes) const { return kUnpack(bytes); }
};

/// @param find  what of a block. *Collective*
template <auto kUnpack, class Find>
auto find_in_rows(const Communicator& comm,
                  Table& table,
                  const Design& design,
                  const BlockLoopOptions& loop,
                  const Find& find) {
  SidePass<kUnpack, Find> pass{table, design, find};
  return reduce_blocks(comm, num_blocks(table), pass, loop);
}

GroupColumn read_group_column(const Communicator& comm,
                              std::size_t column,
                              Table& table,
                              const Design& design,
                              const BlockLoopOptions& loop) {
  return find_in_rows<unpack_group_column>(
      comm, table, design, loop, [&](const RowBlock& rows) {
        return group_column(rows, column, design.frame());
      });
}

void check_row_weights(const WeightSums& sums,
                       const std::string& column,
                       const Design& design) {
  if (sums.bad_row != WeightSums::kNoRow) {
    throw DataError(
        fmt::format("--pweights {}: {} in row {}; a sampling weight is a number from 0 "
                    "on: mend it, or leave such rows out with --where",
                    column,
                    std::isnan(sums.bad_value) ? "missing" : shortest(sums.bad_value),
                    sums.bad_row + 1));
  }
  for (std::size_t j = 0; j < sums.key.size(); ++j) {
    if (sums.sum[j] > 0.0) continue;
    throw DataError(
        fmt::format("--pweights {}: 0 in all rows of {} {}; leave the group out with "
                    "--where, or mend the weights",
                    column,
                    design.group_name(),
                    design.group_label(sums.key[j])));
  }
}

/// @param name    the option and the column
/// @param reason  why groups have one value
void check_group_column(const GroupColumn& column,
                        std::size_t slot,
                        const std::string& name,
                        const std::string& reason,
                        const Design& design) {
  if (column.missing_row != GroupColumn::kNoRow) {
    throw DataError(
        fmt::format("{}: missing in row {}; give every row a value, or leave such rows "
                    "out with --where",
                    name,
                    column.missing_row + 1));
  }
  const ModelFrame& frame = design.frame();
  for (std::size_t j = 0; j < column.key.size(); ++j) {
    if (std::isnan(column.other[j])) continue;
    throw DataError(fmt::format("{}: {} and {} in rows of {} {}; {}",
                                name,
                                frame.column_label(slot, column.value[j]),
                                frame.column_label(slot, column.other[j]),
                                design.group_name(),
                                design.group_label(column.key[j]),
                                reason));
  }
}

}  // namespace

void check_frequencies(const Communicator& comm,
                       const ModelOptions& options,
                       Table& table,
                       const Design& design,
                       const BlockLoopOptions& loop) {
  const std::string name = "--fweights " + *options.fweights;
  const WeightedGroups groups = find_in_rows<unpack_weighted_groups>(
      comm, table, design, loop, [&](const RowBlock& rows) {
        const ModelFrame& frame = design.frame();
        return check_weights(rows, *frame.fweights(), name, frame);
      });
  if (const std::optional<double> group = group_without_weight(groups)) {
    throw DataError(
        fmt::format("{}: 0 in all rows of {} {}; leave the group out with --where, or "
                    "mend the weights",
                    name,
                    design.group_name(),
                    design.group_label(*group)));
  }
}

SamplingWeights read_sampling_weights(const Communicator& comm,
                                      const ModelOptions& options,
                                      Table& table,
                                      const Design& design,
                                      const BlockLoopOptions& loop) {
  SamplingWeights out;
  if (options.pweights) {
    const WeightSums sums = find_in_rows<unpack_weight_sums>(
        comm, table, design, loop, [&](const RowBlock& rows) {
          return weight_sums(rows, *design.frame().pweights(), design.frame());
        });
    check_row_weights(sums, *options.pweights, design);
    const WeightScaling scaling = options.weight_scaling.value_or(WeightScaling::size);
    for (std::size_t j = 0; j < sums.key.size(); ++j)
      out.factor.push_back(sums.factor(j, scaling));
  }
  if (options.group_pweights) {
    const std::size_t slot = *design.frame().group_pweights();
    const std::string name = "--group-pweights " + *options.group_pweights;
    const GroupColumn groups = read_group_column(comm, slot, table, design, loop);
    check_group_column(
        groups,
        slot,
        name,
        "a group has one weight: give a column that is the same in all its "
        "rows",
        design);
    for (std::size_t j = 0; j < groups.key.size(); ++j) {
      if (groups.value[j] > 0.0 && std::isfinite(groups.value[j])) continue;
      throw DataError(
          fmt::format("{}: {} in {} {}; a group's sampling weight is a number above 0: "
                      "mend it, or leave the group out with --where",
                      name,
                      shortest(groups.value[j]),
                      design.group_name(),
                      design.group_label(groups.key[j])));
    }
    out.group = groups.value;
  }
  if (out.factor.empty()) out.factor.assign(out.group.size(), 1.0);
  if (out.group.empty()) out.group.assign(out.factor.size(), 1.0);
  return out;
}

GroupStrata read_strata(const Communicator& comm,
                        const std::string& column,
                        Table& table,
                        const Design& design,
                        const BlockLoopOptions& loop) {
  const ModelFrame& frame = design.frame();
  const std::size_t slot = *frame.strata();
  const GroupColumn groups = read_group_column(comm, slot, table, design, loop);
  check_group_column(groups,
                     slot,
                     "--strata " + column,
                     "groups are drawn within strata, so each must lie in one: give a "
                     "column that is the same in all rows of a group",
                     design);
  std::vector<double> values = groups.value;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  GroupStrata out;
  for (const double value : values)
    out.label.push_back(frame.column_label(slot, value));
  for (const double value : groups.value) {
    const auto at = std::lower_bound(values.begin(), values.end(), value);
    out.stratum.push_back(static_cast<std::int32_t>(at - values.begin()));
  }
  if (values.size() == groups.key.size()) {
    throw DataError(fmt::format(
        "--strata {}: each of its {} strata has one {}, so that every one would "
        "be drawn once; give a column with fewer strata, or --resample rows to "
        "draw rows alone",
        column,
        values.size(),
        design.group_name()));
  }
  return out;
}

}  // namespace merit
