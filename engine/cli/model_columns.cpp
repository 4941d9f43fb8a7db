// SPDX-License-Identifier: MIT
#include "engine/cli/model_columns.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "engine/model/collinear.hpp"
#include "engine/model/text.hpp"

namespace merit {
namespace {

/// Statistics of some of the design's columns and the response.
GroupedStats stats_of(const GroupMoments& moments,
                      std::vector<Eigen::Index> columns,
                      bool has_intercept) {
  columns.push_back(moments.num_columns() - 1);
  return grouped_stats(select_columns(moments, columns), has_intercept);
}

}  // namespace

GroupedStats model_stats(const Design& design, const GroupMoments& moments) {
  const Eigen::Index p = std::ssize(design.coefficient_names());
  if (design.num_columns() == p) return grouped_stats(moments, design.has_intercept());
  std::vector<Eigen::Index> columns(static_cast<std::size_t>(p));
  std::iota(columns.begin(), columns.end(), Eigen::Index{0});
  return stats_of(moments, columns, design.has_intercept());
}

std::vector<Eigen::Index> resolve_collinear(const ModelOptions& options,
                                            const std::string& whose,
                                            ModelData& data) {
  const std::vector<AliasedColumn> aliased = aliased_columns(data.stats);
  std::vector<Eigen::Index> kept;
  if (aliased.empty()) {
    kept.resize(data.terms.size());
    std::iota(kept.begin(), kept.end(), Eigen::Index{0});
    return kept;
  }
  std::vector<std::string> sentences;
  std::vector<Eigen::Index> dropped;
  for (const AliasedColumn& column : aliased) {
    const std::string& term = data.terms[static_cast<std::size_t>(column.column)];
    std::vector<std::string> of;
    for (const Eigen::Index k : column.of)
      of.push_back(data.terms[static_cast<std::size_t>(k)]);
    const bool constant = of.size() == 1 && of.front() == "(Intercept)";
    sentences.push_back(
        of.empty() ? term + " is 0 in all rows"
        : constant ? term + " is constant"
                   : fmt::format("{} is a combination of {}", term, first_few(of)));
    dropped.push_back(column.column);
  }
  if (!options.drop_collinear) {
    throw DataError(fmt::format(
        "{}collinear columns: {}; take them out of the formula, or use --drop-collinear",
        whose,
        fmt::join(sentences, "; ")));
  }
  data.stats = drop_columns(data.stats, dropped);
  std::vector<std::string> terms;
  for (Eigen::Index k = 0; k < static_cast<Eigen::Index>(data.terms.size()); ++k) {
    if (std::find(dropped.begin(), dropped.end(), k) != dropped.end()) continue;
    kept.push_back(k);
    terms.push_back(data.terms[static_cast<std::size_t>(k)]);
  }
  data.terms = std::move(terms);
  data.notes.push_back(
      fmt::format("{}collinear columns dropped: {}", whose, fmt::join(sentences, "; ")));
  return kept;
}

std::vector<Eigen::Index> nest_model(const ModelOptions& options,
                                     const Design& design,
                                     const GroupMoments& moments,
                                     const std::vector<Eigen::Index>& kept,
                                     ModelData& data,
                                     NestedModel& nested) {
  ModelData& its = nested.data;
  its = data;
  its.terms.clear();
  its.notes.clear();
  std::vector<Eigen::Index> columns;
  for (const NestedColumn& column : design.nested_columns()) {
    its.terms.push_back(column.name);
    columns.push_back(column.column);
  }
  its.stats = stats_of(moments, columns, design.nested_has_intercept());
  std::vector<Eigen::Index> own;
  const std::string null = "--null " + *options.null + ": ";
  for (const Eigen::Index k : resolve_collinear(options, null, its))
    own.push_back(columns[static_cast<std::size_t>(k)]);
  data.notes.insert(data.notes.end(), its.notes.begin(), its.notes.end());

  std::vector<Eigen::Index> all = kept;
  std::vector<Eigen::Index> place;
  for (const Eigen::Index column : own) {
    const auto at = std::find(all.begin(), all.end(), column);
    place.push_back(at - all.begin());
    if (at == all.end()) all.push_back(column);
  }
  nested.nesting =
      nesting(stats_of(moments, all, design.has_intercept()), std::ssize(kept), place);
  if (!nested.nesting.outside.empty()) {
    std::vector<std::string> outside;
    for (const Eigen::Index k : nested.nesting.outside)
      outside.push_back(its.terms[static_cast<std::size_t>(k)]);
    throw UsageError(fmt::format(
        "{}not nested in {}: {} is no combination of the model's columns; a nested "
        "model leaves some of them out",
        null,
        options.formula,
        first_few(outside)));
  }
  if (own.size() == kept.size()) {
    throw UsageError(fmt::format(
        "{}the same model as {}: leave out the fixed effects that are to be tested",
        null,
        options.formula));
  }
  return own;
}

}  // namespace merit
