// SPDX-License-Identifier: MIT
#include "engine/posterior/prior_data.hpp"

#include <cmath>
#include <utility>

namespace merit {

PriorModel prior_model(std::vector<std::string> terms, bool has_intercept) {
  return {.family = Family::gaussian,
          .link = Link::identity,
          .terms = std::move(terms),
          .has_intercept = has_intercept};
}

PriorModel prior_model(const GlmmModel& model,
                       std::vector<std::string> terms,
                       bool has_intercept) {
  PriorModel out = prior_model(std::move(terms), has_intercept);
  out.family = model.family.family;
  out.link = model.family.link;
  const int extra = model.family.num_extra;
  if (model.family.has_thresholds()) {
    out.thresholds.assign(out.terms.begin(), out.terms.begin() + extra);
    out.terms.erase(out.terms.begin(), out.terms.begin() + extra);
    out.has_intercept = false;
  } else {
    out.terms.resize(out.terms.size() - static_cast<std::size_t>(extra));
  }
  return out;
}

DataScales data_scales(const PriorModel& model,
                       const GroupedStats& stats,
                       std::vector<double> y) {
  // An ordinal model has the statistics of an intercept, but no such column.
  const Eigen::Index skipped = model.thresholds.empty() ? 0 : 1;
  const Eigen::Index p = stats.num_fixed() - skipped;
  Eigen::VectorXd mean(p), sd(p);
  for (Eigen::Index column = 0; column < p; ++column) {
    const Eigen::Index k = column + skipped;
    double sum = 0.0, squares = stats.within(k, k);
    for (Eigen::Index j = 0; j < stats.num_groups(); ++j)
      sum += stats.size[j] * stats.mean(k, j);
    const double centre = sum / stats.num_obs();
    for (Eigen::Index j = 0; j < stats.num_groups(); ++j) {
      const double away = stats.mean(k, j) - centre;
      squares += stats.size[j] * away * away;
    }
    mean[column] = stats.origin[k] + centre;
    sd[column] = std::sqrt(squares / (stats.num_obs() - 1.0));
  }
  return data_scales(model, std::move(y), mean, sd);
}

std::vector<double> responses(const PackedRows& rows) {
  std::vector<double> out;
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    const std::int32_t* const first = rows.y + rows.first_row(j);
    out.insert(out.end(), first, first + rows.size[static_cast<std::size_t>(j)]);
  }
  return out;
}

}  // namespace merit
