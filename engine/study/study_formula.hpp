// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/study/study.hpp"

namespace merit {

/// Takes a formula's terms into the study: products of its covariates, and the intercept.
/// Terms that are there already (in whatever order their covariates stand) are not repeated.
///
/// @returns the formula's terms, as indices into study.terms, in the order of a fit's report
///          (StudyEstimator::terms); fills in the names of response and group if the study has none
///          yet. Thresholds of an ordinal response must be in the study already
/// @throws UsageError if it is no formula, has another response or group than the study, no
///         intercept, or anything but products of covariates
std::vector<std::size_t> take_formula(const std::string& formula, Study& study);

}  // namespace merit
