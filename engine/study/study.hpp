// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/fit/fit_result.hpp"
#include "engine/model/family.hpp"
#include "engine/study/noise.hpp"
#include "engine/study/snapshot_columns.hpp"
#include "engine/study/study_inference.hpp"

/// A simulation study as plain values, in the parts that Morris, White & Crowther (2019,
/// Statistics in Medicine 38: 2074-2102) call ADEMP: aims are the reader's, *data* are made by
/// cells, *estimands* have their truth in each cell, *methods* are estimators, *performance*
/// is engine/study/performance.hpp.
///
/// Every row i of group j has a linear predictor from covariates x and an intercept,
///
///     η_ij = x_ijᵀβ + b_j,    sd of b_j: τ
///
/// and a response from the family: y = η + ε, sd of ε: σ; events or counts with mean g⁻¹(η); or
/// categories 1, 2, … with P(Y ≤ k) = g⁻¹(threshold_k − η), where thresholds are the intercept. b and ε are
/// normal unless the study says otherwise (study/noise.hpp), and σ may depend on a covariate.
namespace merit {

/// Where a covariate varies: one value per row, or one per group.
enum class CovariateLevel { row, group };

enum class CovariateKind {
  normal,    ///< mean + sd · N(0, 1)
  binary,    ///< 1 with probability `share`, else 0
  halves,    ///< not random: 0 in the first ⌈J/2⌉ groups, 1 in the others
  snapshot,  ///< a column of real data (study/snapshot_rows.hpp)
};

struct Covariate {
  std::string name;
  CovariateLevel level = CovariateLevel::row;
  CovariateKind kind = CovariateKind::normal;
  double mean = 0.0;
  double sd = 1.0;
  double share = 0.5;
  std::size_t snapshot = 0;  ///< which of Study::snapshots, and which of its columns
  std::size_t column = 0;
  bool by_rows = false;  ///< any rows are drawn, not those of a real group
};

enum class TermKind {
  intercept,
  product,    ///< of covariates
  threshold,  ///< ordinal, in the place of the intercept
  theta,      ///< negative binomial: the variance of a count is mean + mean²/θ
};

/// A parameter that is estimated with a standard error. Of an intercept or a product there is a
/// column of X, of the other kinds there is none.
struct StudyTerm {
  std::string name;
  std::vector<std::size_t> covariates;  ///< of a product: indices, ascending
  TermKind kind = TermKind::product;

  bool has_column() const {
    return kind == TermKind::intercept || kind == TermKind::product;
  }
};

/// n_j: `mean`, or round(N(mean, sd²)) and no less than `least`. Of real groups
/// (Study::sizes_from) mean and sd are theirs, and n_j those of all of them, or of groups that
/// are drawn.
struct GroupSize {
  double mean = 0.0;
  double sd = 0.0;
  std::int64_t least = 1;
};

/// One way of making data.
struct StudyCell {
  std::vector<double> factor;  ///< what Study::factors have here
  std::int64_t num_groups = 0;
  bool all_groups = false;  ///< the real groups, each once
  GroupSize size;
  std::vector<double> beta;  ///< of every term
  double tau = 0.0;
  double sigma = 1.0;  ///< Gaussian
};

struct StudyEstimator {
  std::string name;
  /// reml, ml, pooled, fixed-effects; agq, laplace, pql, mql; posterior; command
  std::string method;
  int num_nodes = 7;                  ///< agq
  Criterion inner = Criterion::reml;  ///< pql, mql
  bool free_scale = true;             ///< likewise
  /// Of its model, in the order of a fit's report: intercept or thresholds, products, theta.
  std::vector<std::size_t> terms;
  /// Its ways to intervals; those of its bootstrap or posterior stand behind the others.
  std::vector<StudyDf> df = {StudyDf::normal};
  std::optional<DataSetBootstrap> bootstrap = {};
  std::optional<DataSetPosterior> posterior = {};  ///< instead of a fit's estimates
  /// The user's own: a program that is asked (study/external_estimate.hpp), and what it may say
  /// beside. It has the data's terms.
  std::string command = {};
  double timeout = 60.0;  ///< seconds per data set
  bool show_stderr = false;

  bool is_external() const { return !command.empty(); }
  /// With a dummy for every group (study/within_regression.hpp).
  bool has_dummies() const { return method == "fixed-effects"; }
  bool is_quasi() const { return method == "pql" || method == "mql"; }
  bool has(StudyDf way) const { return std::find(df.begin(), df.end(), way) != df.end(); }
};

struct Study {
  std::string title;
  std::string formula;   ///< that makes the data
  std::string response;  ///< names in the formula
  std::string group;
  Family family = Family::gaussian;
  Link link = Link::identity;
  Noise intercepts;  ///< b/τ
  Noise errors;      ///< ε/σ, Gaussian
  /// Gaussian: σ is multiplied by exp(slope · covariate); none: constant.
  std::optional<std::size_t> spread_by = {};
  double spread_slope = 0.0;
  std::vector<SnapshotColumns> snapshots;  ///< real data
  std::optional<std::size_t> sizes_from =
      {};  ///< the snapshot whose groups' sizes n_j are
  std::vector<Covariate> covariates;
  std::vector<StudyTerm> terms;      ///< of the data's formula and of estimators' own
  std::vector<std::string> factors;  ///< what varies over cells, in the order of the grid
  std::vector<StudyCell> cells;      ///< the last factor varies fastest
  std::vector<StudyEstimator> estimators;
  /// Names of terms, "sd__(Intercept)", "var__(Intercept)", "sd__Observation"; all that
  /// estimators give unless the file says which.
  std::vector<std::string> estimands;
  std::int64_t repetitions = 0;  ///< per cell
  std::uint64_t seed = 1;
  double level = 0.95;  ///< of the intervals that are made with the data

  bool is_gaussian() const { return family == Family::gaussian; }
  std::int64_t num_cells() const { return static_cast<std::int64_t>(cells.size()); }
  std::int64_t num_estimators() const {
    return static_cast<std::int64_t>(estimators.size());
  }
  /// Tasks: data sets to make. Repetition r of all cells comes before repetition r + 1 of any, so
  /// that more repetitions are more tasks, and those that there are stay where they are.
  std::int64_t num_tasks() const { return num_cells() * repetitions; }
  std::int64_t task(std::int64_t cell, std::int64_t repetition) const {
    return repetition * num_cells() + cell;
  }
  /// Whether rows keep intervals, so that they depend on the level.
  bool keeps_intervals() const;
  /// Whether a term is constant within groups; thresholds are.
  bool between_groups(const StudyTerm& term) const;
  /// How many of a model's columns are: all thresholds are one.
  std::int64_t num_between(const StudyEstimator& estimator) const;
  int num_thresholds() const;  ///< ordinal
};

inline constexpr const char* kSdIntercept = "sd__(Intercept)";
inline constexpr const char* kVarIntercept = "var__(Intercept)";
inline constexpr const char* kSdObservation = "sd__Observation";

/// Whether the estimator estimates a residual sd.
bool has_residual_sd(const StudyEstimator& estimator);

/// Terms of an estimator with dummies that it cannot tell from them: "(Intercept), w".
std::vector<std::string> not_estimable(const Study& study,
                                       const StudyEstimator& estimator);

/// Whether the estimator gives an estimand.
bool gives(const Study& study,
           const StudyEstimator& estimator,
           const std::string& estimand);

/// Whether it is a standard deviation or its square, not a term.
bool is_spread(const std::string& estimand);

/// Ways of the estimator that give intervals of an estimand.
std::vector<StudyDf> ways_to(const StudyEstimator& estimator,
                             const std::string& estimand);

/// The estimand's true value in a cell.
double truth(const Study& study, const StudyCell& cell, const std::string& estimand);

/// Degrees of freedom of a term's tests where no data set decides on them; infinity for the normal
/// distribution.
/// @param num_obs  rows n of the data set
double degrees_of_freedom(const Study& study,
                          const StudyEstimator& estimator,
                          StudyDf df,
                          std::size_t term,
                          std::int64_t num_groups,
                          std::int64_t num_obs);

}  // namespace merit
