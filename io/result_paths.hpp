// SPDX-License-Identifier: MIT
#pragma once

#include <string>

// Shared by io/result_*.cpp only: where the files of a job lie.

namespace merit {

/// "OUT.h5" -> "OUT.h5.parts"
inline std::string parts_directory(const std::string& path) {
  return path + ".parts";
}

/// "OUT.h5" -> "OUT.h5.parts/rank0.h5": what rank 0, the only writer, has so far.
inline std::string part_path(const std::string& path) {
  return parts_directory(path) + "/rank0.h5";
}

inline constexpr const char* kResultFormat = "merit-result";

}  // namespace merit
