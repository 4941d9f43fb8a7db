// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/study/performance.hpp"

/// `--until-mcse coverage=0.002`: a study that goes on until its measures are exact enough.
namespace merit {

/// The Monte-Carlo standard error that a measure shall not exceed.
struct WantedError {
  std::string measure;  ///< a name of kMeasures
  double error = 0.0;   ///< > 0
};

/// "coverage=0.002,bias=0.01". @throws UsageError
std::vector<WantedError> parse_wanted_errors(const std::string& text);
/// The way back; the same for the same meaning.
std::string text_of(const std::vector<WantedError>& wanted);

/// The measure that is farthest from what is wanted.
struct LargestRatio {
  double ratio = 0.0;  ///< error / wanted error; infinite: nothing has the measure
  double error = 0.0;
  std::string of;  ///< "coverage of x, REML, kr, in cell 3"
};

/// Of all rows of the table that have a measure which is wanted.
LargestRatio largest_ratio(const Study& study,
                           const std::vector<Performance>& performance,
                           const std::vector<WantedError>& wanted);

}  // namespace merit
