// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/report/report.hpp"

namespace merit {

/// The lines above a report's tables: which model by which method, on which data, with which
/// options, and how the fit, the replicates or the draws went. Each ends in \n.
std::string heading(const Report& report);

}  // namespace merit
