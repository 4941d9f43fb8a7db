// SPDX-License-Identifier: MIT
#include "engine/cli/glmm_data.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/cli/glmm_notes.hpp"
#include "engine/error.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/node_memory.hpp"

namespace merit {
namespace {

template <class Visit>
void for_each_row(const PackedRows& rows, const Visit& visit) {
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    const std::int64_t first = rows.first_row(j);
    for (std::int64_t i = 0; i < rows.size[static_cast<std::size_t>(j)]; ++i)
      visit(first + i);
  }
}

/// The values that an ordinal response takes, ascending.
std::vector<double> categories_of(const PackedRows& rows) {
  std::vector<double> values;
  for_each_row(rows, [&](std::int64_t i) {
    const double y = rows.y[i];
    const auto at = std::lower_bound(values.begin(), values.end(), y);
    if (at == values.end() || *at != y) values.insert(at, y);
  });
  return values;
}

/// Each row's category becomes its number 0, 1, ….
void number_categories(const std::vector<double>& categories,
                       const PackedRows& rows,
                       std::int32_t* y) {
  for_each_row(rows, [&](std::int64_t i) {
    const auto at = std::lower_bound(categories.begin(), categories.end(), y[i]);
    y[i] = static_cast<std::int32_t>(at - categories.begin());
  });
}

/// Reads the rows into memory that the ranks of a node share. *Collective*
PackedRows read_rows(const Communicator& comm,
                     const RowSource& source,
                     const std::vector<Eigen::Index>& columns,
                     const Eigen::VectorXd& origin,
                     bool ordinal,
                     const ModelData& data,
                     const SamplingWeights* weights,
                     std::vector<double>& categories) {
  PackedRows rows = lay_out_rows(data.stats.key, source.places.size(), origin);
  const PackedColumns kinds{.offset = source.design.has_offset(),
                            .trials = source.design.has_trials(),
                            .weight = weights != nullptr};
  const NodeMemory node(comm, packed_bytes(rows, kinds));
  const PackedRowsWriter writer(rows, kinds, node.memory());
  all_or_none(comm, [&] {
    const auto share = [&](std::int64_t count) {
      return local_range(count, node.rank(), node.size());
    };
    const BlockRange groups = share(rows.num_groups());
    for (std::int64_t j = groups.first; j < groups.end(); ++j)
      writer.pad(j);
    source.read(share(num_blocks(source.table)),
                [&](const DesignBlock& strip,
                    std::int64_t i,
                    std::int64_t group,
                    std::int64_t row) {
                  const auto at = static_cast<std::size_t>(i);
                  static thread_local std::vector<const double*> x;
                  x.clear();
                  for (const Eigen::Index column : columns)
                    x.push_back(strip.columns[static_cast<std::size_t>(column)]);
                  const double weight = weights == nullptr
                                            ? 1.0
                                            : weights->of_row(group, strip.pweight, at);
                  writer.put(group,
                             row,
                             {.x = x.data(),
                              .at = i,
                              .offset = strip.offset[at],
                              .trials = strip.trials[at],
                              .y = strip.columns.back()[i],
                              .weight = weight});
                });
  });
  node.fence();
  if (!ordinal) return rows;
  categories = categories_of(rows);
  node.fence();  // nobody reads any more
  if (node.rank() == 0) number_categories(categories, rows, writer.y());
  node.fence();
  return rows;
}

/// @throws DataError for responses without variation
void check_variation(const PackedRows& rows, Family family, const std::string& response) {
  double events = 0.0, trials = 0.0;
  for_each_row(rows, [&](std::int64_t i) {
    events += rows.y[i];
    trials += rows.trials_of(i);
  });
  if (family == Family::binomial && (events == 0.0 || events == trials)) {
    throw DataError(fmt::format("the response {} is constant: {} in all rows",
                                response,
                                events == 0.0 ? "no event" : "nothing but events"));
  }
  if (family != Family::binomial && events == 0.0)
    throw DataError(fmt::format("the response {} is 0 in all rows", response));
}

/// Thresholds in the place of the intercept.
void name_thresholds(const Design& design,
                     const std::vector<double>& categories,
                     std::vector<std::string>& terms) {
  if (categories.size() < 2) {
    throw DataError(
        fmt::format("the response {} has the one category {}: an ordinal "
                    "model needs at least two",
                    design.response_name(),
                    design.response_label(categories.front())));
  }
  std::vector<std::string> thresholds;
  for (std::size_t c = 0; c + 1 < categories.size(); ++c) {
    thresholds.push_back(design.response_label(categories[c]) + "|" +
                         design.response_label(categories[c + 1]));
  }
  terms.erase(terms.begin());
  terms.insert(terms.begin(), thresholds.begin(), thresholds.end());
}

bool all_trials_are_1(const PackedRows& rows) {
  double largest = 1.0;
  for_each_row(rows,
               [&](std::int64_t i) { largest = std::max(largest, rows.trials_of(i)); });
  return largest <= 1.0;
}

}  // namespace

void add_glmm(const Communicator& comm,
              const ModelOptions& options,
              const RowSource& source,
              const std::vector<Eigen::Index>& columns,
              SimdLevel simd,
              const SamplingWeights* weights,
              ModelData& data) {
  const Design& design = source.design;
  const Family family = options.family_kind();
  const bool ordinal = family == Family::ordinal;
  const bool has_intercept = data.stats.has_intercept;
  if (ordinal && !has_intercept) {
    throw UsageError(options.formula +
                     ": an ordinal model has thresholds in the place of the intercept; "
                     "leave the formula's intercept in (no 0 + and no - 1)");
  }
  const std::ptrdiff_t skipped = ordinal ? 1 : 0;  // the intercept
  const std::vector<Eigen::Index> used(columns.begin() + skipped, columns.end());
  const Eigen::VectorXd origin = data.stats.origin.segment(skipped, std::ssize(used));
  std::vector<double> categories;
  PackedRows rows =
      read_rows(comm, source, used, origin, ordinal, data, weights, categories);
  if (weights != nullptr) rows.group_weight = weights->group;
  all_or_none(comm, [&] {
    if (ordinal) {
      name_thresholds(design, categories, data.terms);
    } else {
      check_variation(rows, family, design.response_name());
    }
    if (family == Family::negbinomial) data.terms.emplace_back("theta");
    const bool bernoulli = family == Family::binomial && all_trials_are_1(rows);
    const auto num_categories = static_cast<int>(categories.size());
    data.glmm = std::make_shared<const GlmmModel>(glmm_model(
        std::move(rows),
        glm_family(family, options.link_kind(), bernoulli, num_categories, simd),
        has_intercept && !ordinal));
    for (std::string& note : response_notes(data, design, categories))
      data.notes.push_back(std::move(note));
  });
}

QuasiOptions quasi_options(const ModelOptions& options) {
  return {.marginal = options.method == "mql",
          .inner = options.pql_inner.value_or(Criterion::reml),
          .free_scale = options.pql_free_scale.value_or(true)};
}

GlmmFit fit_glmm_model(const ModelOptions& options,
                       const ModelData& data,
                       SimdLevel simd) {
  const GlmmModel& model = *data.glmm;
  GlmmFit fit = options.is_quasi() ? fit_quasi(model, quasi_options(options), simd)
                                   : fit_glmm(model,
                                              {.num_nodes = options.num_nodes(),
                                               .automatic = options.nagq == "auto"});
  fit.result.method = options.method_name();
  if (fit.diverging.empty()) return fit;
  fit.result.message = diverging_message(data, fit.diverging);
  return fit;
}

}  // namespace merit
