// SPDX-License-Identifier: MIT
#pragma once

#include "engine/study/problems.hpp"
#include "engine/study/study.hpp"
#include "engine/study/table_reader.hpp"

namespace merit {

/// Reads what an estimator does to every data set besides fitting it:
///
///     df = ["kr", "profile"]
///     bootstrap = { type = "parametric", replicates = 399, intervals = ["perc", "bca"] }
///
/// or, instead of a fit's estimates,
///
///     prior = "brms"                    # or a list, as --prior is given
///     draws = 1000                      # of each of 4 chains
///     point = "mean"                    # or median
///
/// @param estimator     its method and terms are known; a posterior has the method "posterior"
/// @param family_known  false: the family is told to be wrong already
void read_inference(const TableReader& reader,
                    bool family_known,
                    const Study& study,
                    StudyEstimator& estimator,
                    Problems& problems);

/// The keys of it.
inline constexpr const char* kPosteriorKeys[] = {
    "prior", "chains", "draws", "warmup", "point"};

}  // namespace merit
