// SPDX-License-Identifier: MIT
#include "engine/study/within_regression.hpp"

#include <cmath>

#include "engine/error.hpp"
#include "engine/fit/gaussian_fit.hpp"

namespace merit {

WithinRegression within_regression(const GroupedStats& stats,
                                   const std::vector<Eigen::Index>& columns) {
  std::vector<Eigen::Index> kept = columns;
  kept.push_back(stats.num_fixed());  // y
  const auto q = std::ssize(kept);
  WithinRegression out;
  GroupedStats& within = out.stats;
  within.within = stats.within(kept, kept);
  for (const Eigen::MatrixXd& products : stats.group_within)
    within.group_within.push_back(products(kept, kept));
  within.mean = Eigen::MatrixXd::Zero(q, stats.num_groups());
  within.origin = Eigen::VectorXd::Zero(q);
  within.size = stats.size;
  within.key = stats.key;
  within.has_intercept = false;
  const double without_dummies = stats.num_obs() - static_cast<double>(columns.size());
  const double left = without_dummies - static_cast<double>(stats.num_groups());
  if (left < 1.0) throw DataError("groups' dummies leave no degree of freedom");
  out.fit = fit_gaussian_at(within, 0.0, Criterion::reml);
  out.fit.on_boundary = false;
  out.fit.sigma *= std::sqrt(without_dummies / left);
  out.fit.vcov *= without_dummies / left;
  return out;
}

}  // namespace merit
