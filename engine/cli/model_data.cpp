// SPDX-License-Identifier: MIT
#include "engine/cli/model_data.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "engine/cli/glmm_data.hpp"
#include "engine/cli/model_columns.hpp"
#include "engine/cli/row_source.hpp"
#include "engine/cli/side_columns.hpp"
#include "engine/error.hpp"
#include "engine/fit/weighted_fit.hpp"
#include "engine/model/design.hpp"
#include "engine/model/frequency.hpp"
#include "engine/model/magnitude.hpp"
#include "engine/model/moments_builder.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/block_reduction.hpp"
#include "io/digest.hpp"
#include "io/snapshot.hpp"

namespace merit {
namespace {

/// First pass, if there is one: facts about all rows that the design needs.
struct SurveyPass {
  using Workspace = PassWorkspace;
  using Node = DesignSurvey;
  Table& table;
  const Design& design;

  Workspace workspace() const { return {table.reader(design.table_columns()), {}, {}}; }
  Node leaf(std::int64_t block, Workspace& work) const {
    const BlockRange rows = rows_of_block(table, block);
    work.reader->read(rows.first, rows.count, work.rows);
    if (!design.frame().fweights()) return design.survey_block(work.rows);
    Node node;
    for_each_repeated(work.rows,
                      design.frame().fweights(),
                      work.repeated,
                      [&](const RowBlock& counted) {
                        node = merit::merge(node, design.survey_block(counted));
                      });
    return node;
  }
  Node merge(Node left, Node right) const { return merit::merge(left, right); }
  Bytes pack(const Node& node) const { return merit::pack(node); }
  Node unpack(std::span<const std::byte> bytes) const { return merit::unpack(bytes); }
};

/// Everything that the rows are reduced to.
struct Reduced {
  RowCounts counts;
  std::vector<Hash128> hashes;  // blocks × columns, in row order
  GroupMoments moments;
  std::vector<BlockGroups> groups;  // of every block, if rows are to be placed
};

/// Last pass of what is reduced: digest, moments and, if asked for, how many rows of which
/// groups each block has. Blocks are read and reduced in strips, so that every step finds its
/// values in the cache.
struct MomentsPass {
  struct Workspace {
    PassWorkspace pass;
    BlockHasher hasher;
    MomentsBuilder builder;
  };
  using Node = Reduced;
  Table& table;
  const Design& design;
  const std::vector<LevelHashes>& levels;
  ModelNeeds needs;
  SimdLevel simd;

  Workspace workspace() const {
    const auto num_columns = design.num_columns() + 1;
    return {{table.reader(design.table_columns()), {}, {}},
            BlockHasher(levels),
            MomentsBuilder(num_columns, design.has_intercept(), needs.within, simd)};
  }
  Node leaf(std::int64_t block, Workspace& work) const {
    auto& [reader, rows, used, repeated] = work.pass;
    const BlockRange all = rows_of_block(table, block);
    Node node;
    const auto add = [&, &strip = used](const RowBlock& counted) {
      design.evaluate(counted, strip);
      node.counts += strip.counts;
      work.builder.add(strip.columns, strip.group, strip.counts.rows_used);
    };
    for (std::int64_t first = all.first; first < all.end(); first += kStripRows) {
      reader->read(first, std::min(kStripRows, all.end() - first), rows);
      work.hasher.add(rows);
      for_each_repeated(rows, design.frame().fweights(), repeated, add);
    }
    node.hashes = work.hasher.take();
    node.moments = work.builder.take();
    if (needs.rows) {
      BlockGroups groups{.key = node.moments.key, .count = {}};
      // Only frequency weights can make so many of a block's rows.
      if ((node.moments.size.array() > kLargestCount).any())
        throw DataError("--fweights: more than 2,147,483,647 rows in a group");
      for (const double size : node.moments.size)
        groups.count.push_back(static_cast<std::int32_t>(size));
      node.groups.push_back(std::move(groups));
    }
    return node;
  }
  Node merge(Node left, Node right) const {
    left.counts += right.counts;
    left.hashes.insert(left.hashes.end(), right.hashes.begin(), right.hashes.end());
    left.moments = merit::merge(left.moments, right.moments, simd);
    left.groups.insert(left.groups.end(),
                       std::make_move_iterator(right.groups.begin()),
                       std::make_move_iterator(right.groups.end()));
    return left;
  }
  Bytes pack(const Node& node) const {
    ByteWriter writer;
    writer.put(node.counts.rows_read);
    writer.put(node.counts.rows_excluded_by_where);
    writer.put(node.counts.rows_used);
    writer.put_all(std::span<const std::int64_t>(node.counts.rows_dropped));
    writer.put_all(std::span<const Hash128>(node.hashes));
    writer.put_all(std::span<const std::byte>(merit::pack(node.moments)));
    writer.put(std::ssize(node.groups));
    for (const BlockGroups& groups : node.groups) {
      writer.put_all(std::span<const double>(groups.key));
      writer.put_all(std::span<const std::int32_t>(groups.count));
    }
    return writer.take();
  }
  Node unpack(std::span<const std::byte> bytes) const {
    ByteReader reader(bytes);
    Node node;
    node.counts.rows_read = reader.take<std::int64_t>();
    node.counts.rows_excluded_by_where = reader.take<std::int64_t>();
    node.counts.rows_used = reader.take<std::int64_t>();
    node.counts.rows_dropped = reader.take_vector<std::int64_t>();
    node.hashes = reader.take_vector<Hash128>();
    node.moments = unpack_group_moments(reader.take_bytes());
    node.groups.resize(static_cast<std::size_t>(reader.take<std::ptrdiff_t>()));
    for (BlockGroups& groups : node.groups) {
      groups.key = reader.take_vector<double>();
      groups.count = reader.take_vector<std::int32_t>();
    }
    return node;
  }
};

/// Ranks that find other data under one name (a stale copy on a node's own disk) would mix
/// them in silence. So all compare what they see of the table's size, its first and its last
/// rows. *Collective*
void check_same_table(const Communicator& comm,
                      Table& table,
                      const Design& design,
                      const std::vector<LevelHashes>& levels) {
  if (comm.size() == 1) return;
  constexpr std::int64_t kRowsSeen = 4096;
  const Bytes mine = all_or_none(comm, [&] {
    ByteWriter writer;
    writer.put(table.num_rows());
    const std::int64_t count = std::min(kRowsSeen, table.num_rows());
    RowBlock rows;
    const auto reader = table.reader(design.table_columns());
    for (const std::int64_t first : {std::int64_t{0}, table.num_rows() - count}) {
      if (count == 0) break;
      reader->read(first, count, rows);
      writer.put_all(std::span<const Hash128>(digest_block(levels, rows)));
    }
    return writer.take();
  });
  Bytes root = mine;
  comm.broadcast(root);
  all_or_none(comm, [&] {
    if (mine == root) return;
    const auto root_rows = ByteReader(root).take<std::int64_t>();
    throw InputError(fmt::format(
        "{}: rank 0 reads another table under this name ({}); all ranks must be "
        "given the same file",
        table.name(),
        table.num_rows() == root_rows
            ? "with other values"
            : fmt::format("{} rows, not {}", root_rows, table.num_rows())));
  });
}

/// Refuses columns whose squares do not fit into a double.
void check_magnitudes(const ModelData& data, const std::string& response) {
  const std::optional<MagnitudeProblem> problem = magnitude_problem(data.stats);
  if (!problem) return;
  const auto column = static_cast<std::size_t>(problem->column);
  const std::string what = column < data.terms.size() ? data.terms[column] : response;
  const bool large = problem->deviation > 1.0;
  throw DataError(
      fmt::format("{}: its values differ by {} {:.0e}, and the squares of such numbers "
                  "are too {} for a "
                  "double; {} it by a power of ten",
                  what,
                  std::isfinite(problem->deviation) ? "about" : "more than",
                  std::isfinite(problem->deviation) ? problem->deviation : 1e150,
                  large ? "large" : "small",
                  large ? "divide" : "multiply"));
}

std::optional<Formula> null_formula(const ModelOptions& options) {
  if (!options.null) return std::nullopt;
  return parse_formula(*options.null, "--null");
}

/// All rows, on every rank. @param weights  null: none
std::shared_ptr<const GroupRows> read_rows(const RowSource& source,
                                           const std::vector<Eigen::Index>& columns,
                                           const std::vector<double>& key,
                                           const SamplingWeights* weights) {
  auto rows = std::make_shared<GroupRows>(
      lay_out_group_rows(key, source.places.size(), std::ssize(columns) + 1));
  if (weights != nullptr) rows->weight.resize(static_cast<std::size_t>(rows->z.rows()));
  source.read({0, num_blocks(source.table)},
              [&](const DesignBlock& strip,
                  std::int64_t i,
                  std::int64_t group,
                  std::int64_t row) {
                const auto to = rows->first[static_cast<std::size_t>(group)] + row;
                Eigen::Index k = 0;
                for (const Eigen::Index column : columns)
                  rows->z(to, k++) = strip.columns[static_cast<std::size_t>(column)][i];
                rows->z(to, k) = strip.columns.back()[i];
                if (weights == nullptr) return;
                rows->weight[static_cast<std::size_t>(to)] =
                    weights->of_row(group, strip.pweight, static_cast<std::size_t>(i));
              });
  return rows;
}

}  // namespace

ModelData read_model_data(const Communicator& comm,
                          const ModelOptions& options,
                          const RunSettings& run,
                          const ModelNeeds& asked,
                          const std::string* examined) {
  ModelNeeds needs = asked;
  if (!options.is_gaussian() || options.has_sampling_weights()) needs.rows = true;
  const Formula formula = parse_formula(options.formula);
  std::unique_ptr<Table> table;
  std::optional<Design> design;
  std::vector<LevelHashes> levels;
  all_or_none(comm, [&] {
    table = examined == nullptr
                ? open_snapshot(options.snapshot, options.table)
                : open_examined_snapshot(options.snapshot, options.table, *examined);
    design.emplace(formula,
                   *table,
                   FrameOptions{.where = options.where,
                                .offset = options.offset,
                                .family = options.family_kind(),
                                .trials = options.trials,
                                .fweights = options.fweights,
                                .strata = asked.strata,
                                .pweights = options.pweights,
                                .group_pweights = options.group_pweights},
                   null_formula(options));
    for (const std::size_t column : design->table_columns()) {
      levels.push_back(hash_levels(*table, column));
    }
  });
  check_same_table(comm, *table, *design, levels);
  const BlockLoopOptions loop{.threads = run.num_threads()};
  if (options.fweights) check_frequencies(comm, options, *table, *design, loop);
  std::optional<SamplingWeights> weights;
  if (options.has_sampling_weights())
    weights = read_sampling_weights(comm, options, *table, *design, loop);
  std::optional<GroupStrata> strata;
  if (asked.strata) strata = read_strata(comm, *asked.strata, *table, *design, loop);
  while (design->needs_survey()) {
    SurveyPass pass{*table, *design};
    const DesignSurvey survey = reduce_blocks(comm, num_blocks(*table), pass, loop);
    design->complete(survey);
  }
  MomentsPass pass{*table, *design, levels, needs, run.simd_level()};
  Reduced reduced = reduce_blocks(comm, num_blocks(*table), pass, loop);
  if (num_blocks(*table) == 0) {
    throw DataError(table->name() + " has no rows");
  }
  design->check_rows_left(reduced.counts);

  ModelData data;
  data.terms = design->coefficient_names();
  data.group = design->group_name();
  data.stats = model_stats(*design, reduced.moments);
  for (const double key : data.stats.key) {
    data.group_level.push_back(design->group_label(key));
  }
  if (strata) data.strata = std::move(*strata);
  std::vector<ColumnInfo> columns;
  for (const std::size_t column : design->table_columns()) {
    columns.push_back(table->columns()[column]);
  }
  data.digest = combine_digests(columns, table->num_rows(), reduced.hashes);
  data.counts = reduced.counts;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::int64_t dropped = reduced.counts.rows_dropped[i];
    if (dropped > 0) data.rows_dropped.emplace_back(columns[i].name, dropped);
  }
  check_magnitudes(data, design->response_name());
  const std::vector<Eigen::Index> kept = resolve_collinear(options, "", data);
  std::shared_ptr<NestedModel> nested;
  std::vector<Eigen::Index> nested_columns;
  if (options.null) {
    nested = std::make_shared<NestedModel>();
    nested_columns = nest_model(options, *design, reduced.moments, kept, data, *nested);
    data.nested = nested;
  }
  if (!needs.rows) return data;
  const RowSource source{.table = *table,
                         .design = *design,
                         .levels = levels,
                         .hashes = reduced.hashes,
                         .places = RowPlaces(data.stats.key, reduced.groups),
                         .threads = run.num_threads()};
  reduced.groups.clear();
  if (options.is_gaussian()) {
    data.rows = all_or_none(comm, [&] {
      return read_rows(source, kept, data.stats.key, weights ? &*weights : nullptr);
    });
    if (weights) {
      data.weighted = std::make_shared<const GroupedStats>(
          weighted_stats(*data.rows,
                         Eigen::Map<const Eigen::VectorXd>(weights->group.data(),
                                                           std::ssize(weights->group)),
                         data.stats.origin,
                         data.stats.has_intercept));
    }
  } else {
    const SamplingWeights* given = weights ? &*weights : nullptr;
    add_glmm(comm, options, source, kept, run.simd_level(), given, data);
    if (nested) {
      add_glmm(
          comm, options, source, nested_columns, run.simd_level(), given, nested->data);
    }
  }
  return data;
}

}  // namespace merit
