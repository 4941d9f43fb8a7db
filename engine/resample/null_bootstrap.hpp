// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/fit/glmm_fit.hpp"
#include "engine/model/grouped_stats.hpp"
#include "engine/model/nesting.hpp"
#include "engine/resample/scheme.hpp"

/// The parametric-bootstrap likelihood-ratio test: responses are drawn from the fitted null
/// model, and both models are fitted to each, by maximum likelihood. A replicate has one number,
///
///     LRT* = 2 (log L* − log L₀*) ≥ 0,
///
/// a draw from the distribution of the statistic if the null model is right and its variances are
/// the estimated ones. Nothing asymptotic is in it.
///
/// A replicate fails where one of the two fits does, or where the search for the larger model's
/// maximum ended below the smaller's (not_converged). Its log-likelihood is the model's.
/// Source: Halekoh & Højsgaard (2014), J. Stat. Softw. 59(9), § 5.
namespace merit {

/// Gaussian. No row is made: groups' means and within-group products are drawn once (as
/// grouped_parametric_bootstrap does it), and both models see them through their own columns.
///
/// @param null      statistics of the nested columns on the same rows
/// @param null_fit  by maximum likelihood: what is drawn from
std::unique_ptr<Scheme> null_bootstrap(const GroupedStats& stats,
                                       const GroupedStats& null,
                                       const Nesting& nesting,
                                       const FitResult& null_fit,
                                       const SchemeOptions& options);

/// Other families. Both are fitted from the null model's estimates on.
/// @param fit  of the model to the data as they are
std::unique_ptr<Scheme> glmm_null_bootstrap(std::shared_ptr<const GlmmModel> model,
                                            std::shared_ptr<const GlmmModel> null,
                                            const Nesting& nesting,
                                            const GlmmFit& fit,
                                            const GlmmFit& null_fit,
                                            const SchemeOptions& options);

/// What draws say about a statistic, collected in their order.
class NullDistribution {
 public:
  explicit NullDistribution(double statistic) : statistic_(statistic) {}

  /// Draws of the statistic; NaN: a replicate that failed, and is left out.
  void add(std::span<const double> draws);

  std::int64_t num_draws() const { return num_draws_; }
  double mean() const { return mean_; }
  double variance() const;  ///< divisor R − 1

  /// (1 + draws that are no lower) / (R + 1)
  double p_value() const;
  /// The statistic divided by mean/df, which has the mean that χ² has: Bartlett's correction.
  double bartlett_statistic(double df) const { return statistic_ * df / mean_; }
  double bartlett_p_value(double df) const;
  /// By the gamma distribution with the draws' mean and variance.
  double gamma_p_value() const;

 private:
  double statistic_;
  std::int64_t num_draws_ = 0, num_no_lower_ = 0;
  double mean_ = 0.0, squares_ = 0.0;  // Welford's
};

}  // namespace merit
