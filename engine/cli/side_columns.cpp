// SPDX-License-Identifier: MIT
#include "engine/cli/side_columns.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/design.hpp"
#include "engine/model/frequency.hpp"
#include "engine/model/group_column.hpp"
#include "engine/run/block_reduction.hpp"

namespace merit {
namespace {

/// Whether frequency weights are sound.
struct WeightsPass {
  using Workspace = PassWorkspace;
  using Node = WeightedGroups;
  Table& table;
  const Design& design;
  const std::string name;

  Workspace workspace() const { return {table.reader(design.table_columns()), {}, {}}; }
  Node leaf(std::int64_t block, Workspace& work) const {
    const BlockRange rows = rows_of_block(table, block);
    work.reader->read(rows.first, rows.count, work.rows);
    return check_weights(work.rows, *design.frame().fweights(), name, design.frame());
  }
  Node merge(Node left, Node right) const { return merit::merge(left, right); }
  Bytes pack(const Node& node) const { return merit::pack(node); }
  Node unpack(std::span<const std::byte> bytes) const {
    return unpack_weighted_groups(bytes);
  }
};

/// What a column says of whole groups.
struct GroupColumnPass {
  using Workspace = PassWorkspace;
  using Node = GroupColumn;
  Table& table;
  const Design& design;
  const std::size_t column;

  Workspace workspace() const { return {table.reader(design.table_columns()), {}, {}}; }
  Node leaf(std::int64_t block, Workspace& work) const {
    const BlockRange rows = rows_of_block(table, block);
    work.reader->read(rows.first, rows.count, work.rows);
    return group_column(work.rows, column, design.frame());
  }
  Node merge(Node left, Node right) const { return merit::merge(left, right); }
  Bytes pack(const Node& node) const { return merit::pack(node); }
  Node unpack(std::span<const std::byte> bytes) const {
    return unpack_group_column(bytes);
  }
};

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
  WeightsPass pass{table, design, name};
  const WeightedGroups groups = reduce_blocks(comm, num_blocks(table), pass, loop);
  if (const std::optional<double> group = group_without_weight(groups)) {
    throw DataError(
        fmt::format("{}: 0 in all rows of {} {}; leave the group out with --where, or "
                    "mend the weights",
                    name,
                    design.group_name(),
                    design.group_label(*group)));
  }
}

GroupStrata read_strata(const Communicator& comm,
                        const std::string& column,
                        Table& table,
                        const Design& design,
                        const BlockLoopOptions& loop) {
  const ModelFrame& frame = design.frame();
  const std::size_t slot = *frame.strata();
  GroupColumnPass pass{table, design, slot};
  const GroupColumn groups = reduce_blocks(comm, num_blocks(table), pass, loop);
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
