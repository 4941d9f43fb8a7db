// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace merit {

/// A test that is not the test of one coefficient: as it is reported and stored.
struct TestResult {
  std::string kind;                  ///< "contrast", …
  std::string hypothesis;            ///< what is tested: "x = 0, z = 0"
  std::string method;                ///< "Kenward-Roger", …
  std::optional<double> estimate;    ///< of a contrast of one row, cᵀβ̂
  std::optional<double> null_value;  ///< likewise
  std::optional<double> std_error;   ///< likewise
  std::string statistic_name = "F";
  double statistic = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> num_df;
  std::optional<double> den_df;  ///< none: χ²
  double p_value = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace merit
