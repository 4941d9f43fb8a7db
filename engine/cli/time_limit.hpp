// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

namespace merit {

/// Seconds of a duration as people and schedulers write it: "90" and "90s", "55m", "2h30m",
/// "1d12h"; Slurm's "mm:ss", "hh:mm:ss", "d-hh", "d-hh:mm" and "d-hh:mm:ss". Nothing if it is
/// none of these, or not positive.
std::optional<double> parse_duration(std::string_view text);

}  // namespace merit
