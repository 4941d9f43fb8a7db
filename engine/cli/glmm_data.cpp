// SPDX-License-Identifier: MIT
#include "engine/cli/glmm_data.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/cli/glmm_notes.hpp"
#include "engine/error.hpp"
#include "engine/fit/quasi_likelihood.hpp"

namespace merit {
namespace {

/// The values that an ordinal response takes, ascending; its rows get their numbers 0, 1, ….
std::vector<double> number_categories(PackedRows& rows) {
  std::vector<double> values;
  const auto for_each_row = [&](auto&& visit) {
    for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
      const auto group = static_cast<std::size_t>(j);
      const std::int64_t first = rows.first_pack[group] * kPackRows;
      for (std::int64_t i = 0; i < rows.size[group]; ++i)
        visit(rows.y[static_cast<std::size_t>(first + i)]);
    }
  };
  for_each_row([&](double y) {
    const auto at = std::lower_bound(values.begin(), values.end(), y);
    if (at == values.end() || *at != y) values.insert(at, y);
  });
  for_each_row([&](double& y) {
    y = static_cast<double>(std::lower_bound(values.begin(), values.end(), y) -
                            values.begin());
  });
  return values;
}

/// @throws DataError for responses without variation
void check_variation(const PackedRows& rows, Family family, const std::string& response) {
  double events = 0.0, trials = 0.0;
  for (std::size_t i = 0; i < rows.y.size(); ++i) {
    events += rows.y[i];
    trials += rows.trials[i];
  }
  if (family == Family::binomial && (events == 0.0 || events == trials)) {
    throw DataError(fmt::format("the response {} is constant: {} in all rows",
                                response,
                                events == 0.0 ? "no event" : "nothing but events"));
  }
  if (family != Family::binomial && events == 0.0)
    throw DataError(fmt::format("the response {} is 0 in all rows", response));
}

}  // namespace

void add_glmm(const ModelOptions& options,
              const Design& design,
              SimdLevel simd,
              ModelData& data) {
  const Family family = options.family_kind();
  const bool ordinal = family == Family::ordinal;
  if (ordinal && !design.has_intercept()) {
    throw UsageError(options.formula +
                     ": an ordinal model has thresholds in the place of the intercept; "
                     "leave the formula's intercept in (no 0 + and no - 1)");
  }
  std::vector<Eigen::Index> columns;
  for (Eigen::Index k = ordinal ? 1 : 0; k < data.stats.num_fixed(); ++k)
    columns.push_back(k);
  const Eigen::VectorXd origin = data.stats.origin.head(data.stats.num_fixed())(columns);
  PackedRows rows = pack_rows(*data.rows, columns, origin);
  data.rows.reset();

  std::vector<double> categories;
  if (ordinal) {
    categories = number_categories(rows);
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
    data.terms.erase(data.terms.begin());
    data.terms.insert(data.terms.begin(), thresholds.begin(), thresholds.end());
  } else {
    check_variation(rows, family, design.response_name());
  }
  if (family == Family::negbinomial) data.terms.emplace_back("theta");
  const bool bernoulli =
      family == Family::binomial &&
      std::all_of(
          rows.trials.begin(), rows.trials.end(), [](double m) { return m <= 1.0; });
  const auto num_categories = static_cast<int>(categories.size());
  data.glmm = std::make_shared<const GlmmModel>(
      glmm_model(std::move(rows),
                 glm_family(family, options.link_kind(), bernoulli, num_categories, simd),
                 design.has_intercept() && !ordinal));
  for (std::string& note : response_notes(data, design, categories))
    data.notes.push_back(std::move(note));
}

GlmmFit fit_glmm_model(const ModelOptions& options,
                       const ModelData& data,
                       SimdLevel simd) {
  const GlmmModel& model = *data.glmm;
  GlmmFit fit = options.is_quasi()
                    ? fit_quasi(model,
                                {.marginal = options.method == "mql",
                                 .inner = options.pql_inner.value_or(Criterion::reml),
                                 .free_scale = options.pql_free_scale.value_or(true)},
                                simd)
                    : fit_glmm(model,
                               {.num_nodes = options.num_nodes(),
                                .automatic = options.nagq == "auto"});
  fit.result.method = options.method_name();
  if (fit.diverging.empty()) return fit;
  fit.result.message = diverging_message(data, fit.diverging);
  return fit;
}

}  // namespace merit
