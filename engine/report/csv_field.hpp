// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace merit {

/// RFC 4180: quoted if need be, quotes within doubled.
std::string csv_field(const std::string& text);

/// The shortest text that reads back as the same double; NaN is empty, infinities Inf and -Inf.
std::string csv_field(double value);

}  // namespace merit
