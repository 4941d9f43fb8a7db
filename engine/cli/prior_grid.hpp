// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/report/report.hpp"

namespace merit {

/// Priors under a name: one model of a grid.
struct NamedPriors {
  std::string name;
  std::vector<std::string> priors;  ///< as --prior takes them
};

/// Reads a file of `name = ["PRIOR", …]` lines (TOML), in its order.
/// @throws UsageError naming file and line
std::vector<NamedPriors> read_prior_grid(const std::string& text,
                                         const std::string& file);

/// "fit.h5", "flat" → "fit-flat.h5"
std::string output_of(const std::string& output, const std::string& name);

/// A posterior's report under one of the priors.
struct NamedReport {
  std::string name;
  Report report;
};

/// One report of all: its rows have `prior`, those of one parameter beside each other.
Report grid_report(std::vector<NamedReport> reports);

}  // namespace merit
