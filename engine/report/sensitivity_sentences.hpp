// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/report/sensitivity_report.hpp"

// Shared by engine/report/sensitivity_*.cpp only.

namespace merit {

/// Whether a fit decides otherwise than the base; the first wave of several is no other fit.
bool differs(const SensitivityReport& report,
             std::size_t number,
             const AnalysisTerm& row);

/// "regime: positive at 5% in the base, and in 27 of 29 other fits; not in: …"
std::string sentence(const SensitivityReport& report, const Conclusion& conclusion);

}  // namespace merit
