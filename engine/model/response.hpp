// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "engine/model/family.hpp"

namespace merit {

/// How the response of a family other than the Gaussian is written down.
enum class ResponseForm {
  value,       ///< y itself: 0 or 1, a count, a category
  cbind,       ///< cbind(events, nonevents)
  proportion,  ///< events/trials, beside --trials
};

/// One block's responses, to be checked and turned into what the family counts.
struct ResponseRows {
  std::string response;  ///< names for messages
  std::string other;     ///< nonevents or trials
  std::span<double> y;
  std::span<double>
      other_values;  ///< nonevents or trials; becomes trials (1 if there are none)
  std::function<std::int64_t(std::int64_t)> row_number;  ///< in the table, from 1
};

/// Checks every row and leaves events (counts, categories) in `y` and trials in
/// `other_values`.
/// @throws DataError naming the first row and column that the family cannot have, and what
///         it can
void check_response(Family family, ResponseForm form, ResponseRows& rows);

}  // namespace merit
