// SPDX-License-Identifier: MIT
#include "engine/cli/posterior_data.hpp"

#include <cmath>
#include <vector>

namespace merit {

PriorModel prior_model(const ModelOptions& options, const ModelData& data) {
  PriorModel model{.family = options.family_kind(),
                   .link = options.link_kind(),
                   .terms = data.terms,
                   .has_intercept = data.stats.has_intercept};
  if (data.glmm == nullptr) return model;
  // The family's own parameters stand among the terms: thresholds first, theta last.
  const int extra = data.glmm->family.num_extra;
  if (data.glmm->family.has_thresholds()) {
    model.thresholds.assign(data.terms.begin(), data.terms.begin() + extra);
    model.terms.erase(model.terms.begin(), model.terms.begin() + extra);
    model.has_intercept = false;
  } else {
    model.terms.resize(model.terms.size() - static_cast<std::size_t>(extra));
  }
  return model;
}

namespace {

/// Those of all rows.
std::vector<double> responses(const ModelData& data) {
  std::vector<double> out;
  if (data.glmm == nullptr) {
    const auto y = data.rows->z.col(data.rows->z.cols() - 1);
    out.assign(y.begin(), y.end());
    return out;
  }
  const PackedRows& rows = data.glmm->rows;
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    const std::int32_t* const first = rows.y + rows.first_row(j);
    out.insert(out.end(), first, first + rows.size[static_cast<std::size_t>(j)]);
  }
  return out;
}

}  // namespace

DataScales data_scales(const ModelData& data, const PriorModel& model) {
  const GroupedStats& stats = data.stats;
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
  return data_scales(model, responses(data), mean, sd);
}

}  // namespace merit
