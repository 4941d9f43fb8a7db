// SPDX-License-Identifier: MIT
#include "engine/report/report.hpp"

#include <numeric>

namespace merit {

std::int64_t ReplicateCounts::total() const {
  return std::accumulate(by_status.begin(), by_status.end(), std::int64_t{0});
}

std::int64_t ReplicateCounts::boundary() const {
  return by_status[static_cast<std::size_t>(ReplicateStatus::boundary)];
}

std::int64_t ReplicateCounts::num_failed() const {
  std::int64_t count = 0;
  for (std::size_t code = 0; code < by_status.size(); ++code) {
    if (failed(static_cast<ReplicateStatus>(code))) count += by_status[code];
  }
  return count;
}

}  // namespace merit
