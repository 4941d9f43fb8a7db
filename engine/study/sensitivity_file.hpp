// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/study/sensitivity.hpp"

namespace merit {

/// Reads a study file:
///
///     title = "Does the regime matter?"
///     snapshot = "detainees.h5"            # beside this file, or an absolute path
///     formula = "preparedness ~ age + regime + (1 | institution)"
///     terms = ["regimeopen"]               # whose conclusions are followed; default: all
///     # family, link, method, nagq, where, offset, trials, df: as options of merit fit
///
///     [imputations]                        # instead of snapshot, or:
///     snapshots = ["1.h5", "2.h5"]         # column = "imputation", of rows of the snapshot
///
///     [waves]
///     column = "wave"
///     analyses = ["each", "pooled", "interaction"]   # the default
///     person = "id"                        # counts those who are in several waves
///
///     [left_out]
///     groups = ["one", "two"]              # each group once, each pair once
///     named = ["Almere", ["Vught", "Zwaag"]]         # and these, alone or together
///
///     [multiverse]                         # all combinations of:
///     formula = "{response} ~ regime + {covariates} + (1 | institution)"
///     response = ["preparedness", "contact"]         # any words that stand in the formula
///     covariates = ["1", "age", "age + sex"]
///     where = ["", "age < 65"]             # "": all rows of the base
///     method = ["reml", "ml"]              # and family, link
///
///     [priors]                             # the base's posterior under each
///     brms = "brms"                        # name and --prior of merit sample
///     narrow = ["brms", "sd ~ exponential(2)"]
///     draws = 1000                         # of each of 4 chains; seed = 1
///
///     [bootstrap]                          # of every fit
///     replicates = 1000
///     type = "parametric"                  # resample, as options of merit bootstrap
///     interval = "perc"                    # "norm", "basic", "bc"
///     seed = 1
///
/// @param file  for messages
/// @throws UsageError with everything that is wrong, by line
SensitivityStudy read_sensitivity(const std::string& text, const std::string& file);

}  // namespace merit
