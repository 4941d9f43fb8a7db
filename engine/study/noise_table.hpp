// SPDX-License-Identifier: MIT
#pragma once

#include "engine/study/problems.hpp"
#include "engine/study/study.hpp"
#include "engine/study/table_reader.hpp"

namespace merit {

/// Reads `intercepts` and `errors` of [data] into the study, which has its family and its
/// covariates already: how they are distributed (study/noise.hpp), and what the errors' sd
/// depends on.
void read_noise(const TableReader& data, Study& study, Problems& problems);

}  // namespace merit
