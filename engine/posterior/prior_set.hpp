// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include "engine/model/family.hpp"
#include "engine/posterior/prior.hpp"

namespace merit {

/// What data-dependent priors are scaled by.
struct DataScales {
  double mean_y = 0.0;          ///< Gaussian, after the offset
  double sd_y = 1.0;            ///< Gaussian: divisor n − 1; others 1
  double median_y = 0.0;        ///< on the scale of the link, where brms looks at it
  double mad_y = 0.0;           ///< likewise, × 1.4826
  Eigen::VectorXd column_mean;  ///< p, of the columns of X
  Eigen::VectorXd column_sd;    ///< p, divisor n − 1
};

/// Which parameters a model has.
struct PriorModel {
  Family family = Family::gaussian;
  Link link = Link::identity;
  std::vector<std::string> terms = {};  ///< of X, "(Intercept)" first if there is one
  bool has_intercept = true;            ///< column 0 is constant
  std::vector<std::string> thresholds = {};  ///< ordinal: names
};

/// Every parameter's prior.
///
/// The intercept has its prior at the means of the other columns (as in brms and rstanarm):
/// it is that of (Intercept) + Σ mean(x_k) β_k. `(Intercept)~…` gives one to the coefficient
/// itself instead; `intercept_is_centred` tells.
struct PriorSet {
  std::vector<Prior> coefficient;  ///< p; that of the intercept stands in `intercept`
  Prior intercept;
  bool intercept_is_centred = true;
  Prior tau;
  bool tau_is_ratio = false;  ///< `tau` is the prior of τ/σ
  Prior sigma;                ///< Gaussian
  Prior dispersion;           ///< negative binomial theta
  std::vector<Prior> threshold;

  std::vector<std::string> warnings;
};

/// Resolves --prior: words for published sets (`brms`, `rstanarm`, `mlwin`, `flat`), each of
/// which sets all parameters, and PARAMETER~DISTRIBUTION, from left to right. Parameters are
/// `b` (all coefficients but the intercept), a coefficient's name, `Intercept` (centred),
/// `(Intercept)`, `sd` or sd__(Intercept), `sd/sigma` (their ratio), `sigma` or
/// sd__Observation, `theta`, `thresholds` or a threshold's name.
///
/// Sources: brms def_scale_prior; rstanarm's vignette on priors; MLwiN's gamma(0.001, 0.001) on
/// precisions.
///
/// @throws UsageError for what does not parse, is unknown or does not fit its parameter
PriorSet resolve_priors(std::span<const std::string> given,
                        const PriorModel& model,
                        const DataScales& scales);

/// (parameter, distribution), in the order of the report.
std::vector<std::pair<std::string, std::string>> describe(const PriorSet& priors,
                                                          const PriorModel& model);

/// @param y  responses of a Gaussian model less their offsets, counts, or anything (binary)
DataScales data_scales(const PriorModel& model,
                       std::vector<double> y,
                       Eigen::VectorXd column_mean,
                       Eigen::VectorXd column_sd);

}  // namespace merit
