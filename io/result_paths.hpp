// SPDX-License-Identifier: MIT
#pragma once

#include <string>

// Shared by io/result_*.cpp and io/job_lock.cpp only: where the files of a job lie.

namespace merit {

/// "OUT.h5" -> "OUT.h5.parts"
inline std::string parts_directory(const std::string& path) {
  return path + ".parts";
}

/// "OUT.h5" -> "OUT.h5.parts/rank0.h5": what rank 0, the only writer, has so far.
inline std::string part_path(const std::string& path) {
  return parts_directory(path) + "/rank0.h5";
}

/// "OUT.h5" -> "OUT.h5.parts/rank0.h5.new": the same while it is laid out.
inline std::string draft_path(const std::string& path) {
  return part_path(path) + ".new";
}

/// "OUT.h5" -> "OUT.h5.parts/rank0.h5.damaged": a part that HDF5 cannot read, set aside.
inline std::string damaged_path(const std::string& path) {
  return part_path(path) + ".damaged";
}

/// "OUT.h5" -> "OUT.h5.parts/lock": held by the job that writes it.
inline std::string lock_path(const std::string& path) {
  return parts_directory(path) + "/lock";
}

inline constexpr const char* kResultFormat = "merit-result";

}  // namespace merit
