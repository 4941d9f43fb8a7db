// SPDX-License-Identifier: MIT
#include "engine/cli/posterior_data.hpp"

#include <vector>

#include "engine/posterior/prior_data.hpp"

namespace merit {

PriorModel prior_model(const ModelData& data) {
  const bool has_intercept = data.stats.has_intercept;
  return data.glmm == nullptr ? prior_model(data.terms, has_intercept)
                              : prior_model(*data.glmm, data.terms, has_intercept);
}

DataScales data_scales(const ModelData& data, const PriorModel& model) {
  if (data.glmm != nullptr)
    return data_scales(model, data.stats, responses(data.glmm->rows));
  const auto y = data.rows->z.col(data.rows->z.cols() - 1);
  return data_scales(model, data.stats, {y.begin(), y.end()});
}

}  // namespace merit
