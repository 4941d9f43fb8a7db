// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/study/problems.hpp"
#include "engine/study/study.hpp"
#include "engine/study/toml_tree.hpp"

namespace merit {

/// Reads the [[estimator]] tables into the study, whose family, covariates and data's terms are
/// known; terms of estimators' own formulas join the study's.
///
/// @param data_terms    of the formula that makes the data
/// @param family_known  false: do not judge methods, the family is told to be wrong already
/// @returns the line of each estimator
std::vector<int> read_estimators(const TomlNode& root,
                                 const std::vector<std::size_t>& data_terms,
                                 bool family_known,
                                 Study& study,
                                 Problems& problems);

}  // namespace merit
