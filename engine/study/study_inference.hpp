// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/resample/bootstrap_plan.hpp"
#include "engine/resample/intervals.hpp"

/// How a study's estimators come from a fit to intervals and tests.
namespace merit {

/// A way to intervals and tests of a parameter: estimate ± t·SE, or both ends as they are.
enum class StudyDf {
  normal,
  /// t with J − q for terms that vary between groups alone, q of them with the intercept, and
  /// n − J − (p − q) for the others: what nlme and SAS call within and between (containment).
  between_within,
  satterthwaite,  ///< inference/satterthwaite.hpp
  kenward_roger,  ///< inference/kenward_roger.hpp
  cr0,
  cr1,
  cr2,
  cr3,      ///< cluster-robust, Satterthwaite's df: inference/cluster_robust.hpp
  profile,  ///< profile likelihood: inference/profile_interval.hpp
  norm,  ///< of a bootstrap of each data set, like the following: resample/intervals.hpp
  basic,
  perc,
  bc,
  bca,
  stud,
  eti,  ///< equal-tailed interval of a posterior
};
inline constexpr StudyDf kStudyDfs[] = {StudyDf::normal,
                                        StudyDf::between_within,
                                        StudyDf::satterthwaite,
                                        StudyDf::kenward_roger,
                                        StudyDf::cr0,
                                        StudyDf::cr1,
                                        StudyDf::cr2,
                                        StudyDf::cr3,
                                        StudyDf::profile,
                                        StudyDf::norm,
                                        StudyDf::basic,
                                        StudyDf::perc,
                                        StudyDf::bc,
                                        StudyDf::bca,
                                        StudyDf::stud,
                                        StudyDf::eti};

/// The word of study files and tables: "between-within", "kr", "CR2", "profile", "perc", …
std::string_view name(StudyDf df);

/// Whether a data set decides on degrees of freedom or standard errors, so that its row keeps them
/// (study/study_columns.hpp).
bool is_estimated(StudyDf df);
/// Whether the groups' own products are needed (WithinDetail::per_group).
bool is_cluster_robust(StudyDf df);
/// Whether both ends are made with the data, at the study's level, so that its row keeps them.
bool keeps_interval(StudyDf df);
/// Whether the ends come from a bootstrap.
bool is_bootstrap(StudyDf df);
/// Whether the ends of the square of a standard deviation are the squares of its ends.
bool respects_squares(StudyDf df);

/// The way of a bootstrap interval.
StudyDf study_df(IntervalType type);

/// A bootstrap of every data set, from its own fit.
struct DataSetBootstrap {
  BootstrapPlan plan;
  std::int64_t replicates = 0;
  std::vector<IntervalType> intervals = {IntervalType::perc};

  bool wants(IntervalType type) const;
};

/// A posterior of every data set.
struct DataSetPosterior {
  std::vector<std::string> priors;  ///< as --prior
  std::int64_t chains = 4;
  std::int64_t draws = 1000;  ///< per chain
  std::int64_t warmup = 200;  ///< of chains whose draws are not independent
  bool median = false;        ///< the estimate: the draws' median, or their mean
  /// With fewer groups no data have a posterior, because the prior of τ is improper.
  std::int64_t least_groups = 0;
};

}  // namespace merit
