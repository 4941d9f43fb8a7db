// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include "engine/attributes.hpp"
#include "engine/fit/fit_result.hpp"
#include "engine/inference/profile_interval.hpp"
#include "engine/inference/test_result.hpp"
#include "engine/posterior/leave_one_out.hpp"
#include "engine/posterior/predictive_check.hpp"
#include "engine/resample/replicate_rows.hpp"

/// What a command has found, as plain values; `render.hpp` turns it into text.
///
/// Names are those of R's broom.mixed: `tidy` has a row per parameter (and interval type),
/// `glance` one value per model.
namespace merit {

/// One row of broom.mixed's tidy(). What does not apply is absent; so are text fields that
/// are empty (`level` only outside ran_vals rows).
struct TidyRow {
  /// "fixed", "ran_pars", "ran_vals"; where asked for, "contrast" and "quantity"
  std::string effect;
  std::string group;  ///< ran_*: grouping column, or "Residual"
  std::string level;  ///< ran_vals: which group
  std::string term;   ///< "(Intercept)", "x", "sd__(Intercept)", "sd__Observation"
  std::optional<double> estimate;
  std::optional<double> bias;  ///< bootstrap: mean of the replicates − estimate
  std::optional<double> std_error;
  std::optional<double> statistic;
  std::optional<double> df;
  std::optional<double> p_value;
  std::optional<double> conf_low;
  std::optional<double> conf_high;
  std::string
      conf_type;  ///< "wald", "norm", "basic", "perc", "bc", "bca", "stud", "eti"; empty without interval

  // Bootstrap: Monte-Carlo standard errors of the interval's ends.
  std::optional<double> conf_low_mcse;
  std::optional<double> conf_high_mcse;

  // Posterior draws: convergence and Monte Carlo error (engine/posterior/diagnostics.hpp).
  std::optional<double> rhat;
  std::optional<double> ess_bulk;
  std::optional<double> ess_tail;
  std::optional<double> mcse;  ///< of the estimate, the posterior mean
  // How far the posterior moves if prior or likelihood are scaled (power_scaling.hpp).
  std::optional<double> prior_sensitivity;
  std::optional<double> likelihood_sensitivity;
  std::string prior = {};  ///< which of several; empty: there is one
};

struct ModelInfo {
  std::string formula;
  std::string family = "gaussian";
  std::string link = "identity";
  std::string method;  ///< "reml", "ml"
  std::optional<std::int64_t> nagq;
};

struct GroupInfo {
  std::string name;        ///< the grouping column
  std::int64_t count = 0;  ///< J
  std::int64_t min = 0;    ///< rows in the smallest group
  double median = 0.0;     ///< of the rows per group
  std::int64_t max = 0;    ///< rows in the largest group
};

struct DataInfo {
  std::string file;
  std::string digest;
  std::int64_t rows_read = 0;               ///< all rows of the table
  std::int64_t rows_excluded_by_where = 0;  ///< `--where` false or missing
  std::int64_t rows_used = 0;
  /// Rows dropped because this column is missing; a row with two counts twice.
  std::vector<std::pair<std::string, std::int64_t>> rows_dropped;
  GroupInfo group;
};

/// How many replicates ended in which way.
struct ReplicateCounts {
  std::array<std::int64_t, kNumReplicateStatuses>
      by_status{};  ///< index: ReplicateStatus

  /// Of each quantity: replicates with estimates where it is undefined.
  std::vector<std::pair<std::string, std::int64_t>> undefined = {};

  std::int64_t total() const;
  std::int64_t boundary() const;
  std::int64_t num_failed() const;
};

/// Draws from a posterior, and where they come from.
struct DrawCounts {
  std::int64_t num_chains = 0;
  std::int64_t draws_per_chain = 0;                         ///< those summarised
  std::vector<std::pair<std::string, std::string>> priors;  ///< parameter, distribution
  Attributes sampler;
  bool converged = true;  ///< all R-hat and effective sample sizes are good
};

/// One line per model: broom.mixed's glance().
struct Glance {
  std::int64_t num_obs = 0;
  std::int64_t num_groups = 0;
  double log_likelihood = 0.0;
  double deviance = 0.0;  ///< −2 log L; REML: the REML criterion
  double aic = 0.0;       ///< −2 log L + 2 k, k = p + 2 parameters
  double bic = 0.0;       ///< −2 log L + k log n
  std::optional<double> sigma;
  std::optional<double> icc;           ///< on the latent scale where there is no sigma
  std::optional<double> response_icc;  ///< binary outcomes
  std::int64_t df_residual = 0;        ///< n − k
  bool converged = false;
  bool boundary = false;  ///< of the fit; with replicates, tables count theirs instead
  std::int64_t iterations = 0;
  std::string message;
  std::optional<QuadratureError> quadrature;
  std::optional<ReplicateCounts> replicates;
  std::optional<DrawCounts> draws;
};

/// Covariance matrix of the fixed effects.
struct CoefficientCovariance {
  std::vector<std::string> names;  ///< p
  Eigen::MatrixXd matrix;          ///< p × p
};

struct Report {
  std::string command;  ///< "fit", "bootstrap"
  std::string version;  ///< of merit
  ModelInfo model;
  DataInfo data;
  Attributes options;   ///< of the command, e.g. type, replicates
  double level = 0.95;  ///< of the intervals
  Glance glance;
  std::vector<TidyRow> tidy;
  std::vector<TestResult> tests;           ///< those that are not of one coefficient
  std::vector<LeaveOneOut> loo;            ///< of draws, where asked for
  std::vector<PredictiveChecks> ppc;       ///< likewise
  std::vector<ProfiledParameter> profile;  ///< curves of the profile likelihood
  CoefficientCovariance vcov;
  std::vector<std::string> notes;  ///< sentences that a reader should not miss
  Attributes provenance;  ///< seed, ranks, threads, commit, started, seconds, …
};

}  // namespace merit
