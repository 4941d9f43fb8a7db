// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/family.hpp"

namespace merit {

/// Posterior predictive checks (Rubin 1984, Annals of Statistics 12(4); Gelman, Meng & Stern
/// 1996, Statistica Sinica 6): is what was observed something that the model would produce?
///
/// A statistic T of the responses is compared with T of responses replicated under each draw s of
/// the posterior (replicated_responses.hpp):
///
///     p = P(T(y_rep) ≥ T(y)) ≈ #{s: T(y_rep,s) ≥ T(y)} / S
///
/// Near 0 or 1 the model does not produce it. T are functions of the data alone, those of R's
/// bayesplot::ppc_stat; `prop_zero` is the share of rows that are 0, `sd_group_means` the sd
/// of the J group means. Standard deviations have the divisor n − 1.
///
/// T are made of sums over groups, so that a replicate is never whole in memory. Responses are summed
/// less a centre near their mean, which keeps digits. T(y) goes the same way as T(y_rep), and values
/// within 10⁻¹⁰ of it, relatively, are equal to it.
enum class CheckedStatistic { mean, sd, min, max, prop_zero, sd_group_means };

/// Its name, as R's users know it.
std::string_view name(CheckedStatistic statistic);

/// Those that can vary in a family. @param bernoulli  binomial, all trials are 1
std::vector<CheckedStatistic> checked_statistics(Family family, bool bernoulli);

struct PredictiveCheck {
  double observed = 0.0;  ///< T(y)
  double mean = 0.0;      ///< of T(y_rep)
  double sd = 0.0;
  double p_value = 0.0;  ///< P(T(y_rep) ≥ T(y))
  double p_equal = 0.0;  ///< P(T(y_rep) = T(y)), of which it has its ties
};

/// @return NaN but for `observed` where a replicate is no number
PredictiveCheck predictive_check(double observed, std::span<const double> replicated);

/// Whether T(y) is outside the central 95% of the replicates, its ties being on its side.
bool is_extreme(const PredictiveCheck& check);

/// What statistics of one data set are made of: sums over some of its groups.
struct ResponseSums {
  double count = 0.0;                      ///< rows
  double sum = 0.0, squares = 0.0;         ///< of responses less a centre
  double zeros = 0.0;                      ///< rows that are 0
  double min = 0.0, max = 0.0;             ///< 0 without rows
  double groups = 0.0;                     ///< those with rows
  double means = 0.0, mean_squares = 0.0;  ///< of group means less the centre
};

/// Of one group.
ResponseSums sums_of_group(std::span<const double> y, double centre);
/// Of the groups in both.
ResponseSums merged(const ResponseSums& a, const ResponseSums& b);

/// T of a data set from the sums of all groups (of one: its own). NaN if a response is no number.
double value_of(CheckedStatistic statistic, const ResponseSums& sums, double centre);

/// The checks of a model.
struct PredictiveChecks {
  using Named = std::pair<std::string, PredictiveCheck>;
  std::string prior = {};          ///< which of several; empty: there is one
  bool of_prior = false;           ///< draws of the prior: prior predictive checks
  std::vector<Named> statistics;   ///< of all responses
  std::vector<Named> group_means;  ///< of each group, by its level
};

}  // namespace merit
