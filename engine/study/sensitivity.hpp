// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/inference/wald.hpp"
#include "engine/resample/intervals.hpp"

/// A sensitivity analysis: one model fitted again and again, each time with something changed.
/// What is asked for (SensitivityStudy) and the fits that follow from it (Analysis) as plain
/// values; the data are not touched here.
namespace merit {

/// A model as `merit fit` takes it; what is empty is that command's default.
struct ModelSettings {
  std::string formula, family, link, method, nagq, where, offset, trials;
  std::vector<std::string> priors = {};  ///< as --prior of `merit sample`; empty: a fit
};

/// One after another: each in a wave of the survey.
struct WaveChecks {
  std::string column;
  std::string person;       ///< column that tells who it is; empty: not known
  bool each = true;         ///< the model in the rows of each wave alone
  bool pooled = true;       ///< waves as a factor beside the model's terms
  bool interaction = true;  ///< and in interaction with them
};

/// Without some groups.
struct LeftOutChecks {
  bool one = false;  ///< each group once
  bool two = false;  ///< each pair once
  std::vector<std::vector<std::string>> named;
};

/// A key of the multiverse and what it can be.
struct Choice {
  /// "where", "family", "link", "method", or a word that stands as {key} in the formula
  std::string key;
  std::vector<std::string> values;
};

/// All combinations of the choices; the last varies fastest.
struct Multiverse {
  std::string formula;  ///< with {keys}; empty: the base's
  std::vector<Choice> choices;
};

/// Completed data sets that every fit is made of (engine/study/imputations.hpp): several
/// snapshots, or the rows of one by a column.
struct Imputations {
  std::vector<std::string> snapshots;
  std::string column;
};

/// The base's posterior under several priors, as `merit sample` draws it.
struct PriorChecks {
  std::vector<std::pair<std::string, std::vector<std::string>>> sets;  ///< name, priors
  std::int64_t draws = 1000;                                           ///< of each chain
  std::int64_t chains = 4;
  std::uint64_t seed = 1;
};

/// Every fit bootstrapped as `merit bootstrap` does it, with the same seed: what differs
/// between two fits then is less of the Monte-Carlo error.
struct StudyBootstrap {
  std::int64_t replicates = 0;
  std::string type = "parametric";  ///< as --type
  std::string resample = {};        ///< as --resample
  IntervalType interval = IntervalType::perc;
  std::uint64_t seed = 1;
};

struct SensitivityStudy {
  std::string title;
  std::string snapshot;  ///< as in the file: relative to it, or absolute
  std::optional<Imputations> imputations;
  ModelSettings base;
  std::optional<DfMethod> df;      ///< none: that of merit fit
  std::vector<std::string> terms;  ///< whose conclusions are followed; empty: all
  std::optional<WaveChecks> waves;
  std::optional<LeftOutChecks> left_out;
  std::optional<Multiverse> multiverse;
  std::optional<PriorChecks> priors;
  std::optional<StudyBootstrap> bootstrap;
};

/// One fit.
struct Analysis {
  /// "base", "wave", "pooled", "interaction", "left out", "specification", "prior"
  std::string kind;
  /// What is changed: {"wave", "2019"}, {"left out", "A, B"}, {"method", "ml"}
  std::vector<std::pair<std::string, std::string>> changes;
  ModelSettings model;
  /// "interaction": the waves' part of its coefficients' names, as in "age:factor(wave)2019"
  std::string factor = {};

  /// "wave 2019", "without A, B", "method ml, where age < 65"
  std::string label() const;
};

/// Whether it can be a Choice of itself, without a place in the formula.
bool is_setting(const std::string& key);

/// "wave 2017; without A; without B and 5 more"
std::string labels_text(const std::vector<std::string>& labels);

/// What the data say of the columns that divide them.
struct ColumnLevels {
  bool is_text = false;             ///< levels are to be quoted in an expression
  std::vector<std::string> levels;  ///< that occur, in their order
};

/// The rows of one imputation. @param levels  of the study's imputation column
ModelSettings in_imputation(const SensitivityStudy& study,
                            const ColumnLevels& levels,
                            std::size_t number,
                            const ModelSettings& model);

/// The fits that a study asks for, the base first.
/// @param waves   of the study's wave column; empty without
/// @param groups  of the base model
/// @throws UsageError if a group that is left out by name is not there, or more than
///         `most` fits follow
std::vector<Analysis> analyses_of(const SensitivityStudy& study,
                                  const std::string& group_column,
                                  const ColumnLevels& groups,
                                  const ColumnLevels& waves,
                                  std::int64_t most);

}  // namespace merit
