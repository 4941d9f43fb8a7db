// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/report/report.hpp"

namespace merit {

/// One JSON object; keys and their order as documented for users. Numbers are the shortest
/// text that reads back as the same double; NaN and infinities are null, as is what does not
/// apply.
std::string to_json(const Report& report);

/// The tidy rows with broom.mixed's column names and RFC 4180 quoting, lines ending in \n.
/// The column `bias` is there for bootstrap reports; `rhat`, `ess_bulk`, `ess_tail` and `mcse`
/// for draws from a posterior; `prior` where there are several. Absent values and NaN are empty,
/// infinities Inf and -Inf, numbers as in JSON.
std::string to_csv(const Report& report);

/// A summary for people, in UTF-8, no line longer than its content needs.
std::string to_table(const Report& report);

}  // namespace merit
