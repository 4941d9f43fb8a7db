// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace merit {

/// The groups that can stand in the place of one group: member[first] … member[first + count − 1]
/// of a list of all groups (engine/resample/strata.hpp).
struct GroupPool {
  std::int32_t first = 0;
  std::int32_t count = 0;
};

}  // namespace merit
