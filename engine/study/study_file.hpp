// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "engine/study/study.hpp"

namespace merit {

/// More tasks than this are asked for explicitly.
inline constexpr std::int64_t kUsualMaxTasks = 10'000'000;

/// Reads a study file:
///
///     title = "REML with few schools"
///     repetitions = 1000                # per cell
///     seed = 1
///     estimands = ["x", "w"]            # default: all
///
///     [data]                            # a list of numbers makes a factor of the grid
///     formula = "y ~ x + w + (1 | school)"
///     family = "gaussian"               # or another of --family; link as in --link
///     groups = [10, 30]
///     group_size = 20                   # or { mean = 20, sd = 5, min = 2 }; cv instead of sd
///     icc = [0.05, 0.2]                 # or tau
///     sigma = 1                         # Gaussian
///     # intercepts = { kind = "t", df = 5 }            # normal, t, chi-squared, uniform,
///     # errors = { kind = "contaminated", share = 0.05, factor = 5 }     # contaminated
///     # errors = { by = "x", slope = 0.3 }             # their sd times exp(0.3 x)
///     # prevalence = 0.2                # binomial: in the place of "(Intercept)"
///     # mean = 2                        # poisson, negbinomial: likewise
///     # theta = [1, 5]                  # negbinomial
///     # thresholds = [-1, 0, 1]         # ordinal: in the place of "(Intercept)", no factor
///
///     # group_size = { snapshot = "f.h5", column = "school" }    # real groups; groups: drawn
///
///     [data.covariates]
///     x = { kind = "normal", mean = 0, sd = 1 }
///     w = { kind = "binary", share = 0.5, level = "group" }
///     # sex = { kind = "snapshot", column = "sex", equals = "female" }   # covariate_table.hpp
///
///     [data.coefficients]
///     "(Intercept)" = 0
///     x = 0.5
///     w = [0, 0.3]
///
///     [[estimator]]
///     name = "REML"
///     method = "reml"
///     df = ["normal", "between-within"]
///
///     [[estimator]]
///     name = "without w"
///     method = "reml"
///     formula = "y ~ x + (1 | school)"  # default: the data's
///
///     [[estimator]]
///     name = "lme4"                     # the user's own: external_estimate.hpp
///     command = "Rscript lme4.R"
///     timeout = 60                      # seconds per data set
///
/// Cells are all combinations of the factors, in the order groups, group_size, sigma, tau or
/// icc, coefficients as in the formula, theta, prevalence or mean; the last varies fastest.
///
/// @param file       for messages
/// @param max_tasks  cells × repetitions that are accepted
/// @param snapshots  reads those that the study names; none: the text is with_snapshots()
/// @throws UsageError with everything that is wrong, by line
Study read_study(const std::string& text,
                 const std::string& file,
                 std::int64_t max_tasks = kUsualMaxTasks,
                 const ReadSnapshot& snapshots = {});

/// The text of a study that has been read, so that it can be read again without its snapshots, to
/// look at its rows: behind it stands what these say of group sizes and intercepts, and their
/// digests. Of a study without snapshots as it is.
std::string with_snapshots(const std::string& text, const Study& study);

}  // namespace merit
