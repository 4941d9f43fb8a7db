// SPDX-License-Identifier: MIT
#include "engine/cli/posterior_data.hpp"

#include <cmath>
#include <vector>

namespace merit {

PriorModel prior_model(const ModelOptions& options, const ModelData& data) {
  return {.family = options.family_kind(),
          .link = options.link_kind(),
          .terms = data.terms,
          .has_intercept = data.stats.has_intercept};
}

DataScales data_scales(const ModelData& data, const PriorModel& model) {
  const GroupedStats& stats = data.stats;
  const Eigen::Index p = stats.num_fixed();
  Eigen::VectorXd mean(p), sd(p);
  for (Eigen::Index k = 0; k < p; ++k) {
    double sum = 0.0, squares = stats.within(k, k);
    for (Eigen::Index j = 0; j < stats.num_groups(); ++j)
      sum += stats.size[j] * stats.mean(k, j);
    const double centre = sum / stats.num_obs();
    for (Eigen::Index j = 0; j < stats.num_groups(); ++j) {
      const double away = stats.mean(k, j) - centre;
      squares += stats.size[j] * away * away;
    }
    mean[k] = stats.origin[k] + centre;
    sd[k] = std::sqrt(squares / (stats.num_obs() - 1.0));
  }
  const auto response = data.rows->z.col(data.rows->z.cols() - 1);
  return data_scales(
      model, std::vector<double>(response.begin(), response.end()), mean, sd);
}

}  // namespace merit
