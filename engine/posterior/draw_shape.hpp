// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace merit {

/// What the rows of a posterior's draws look like.
struct DrawShape {
  std::int64_t num_chains = 4;
  std::int64_t draws_per_chain = 1000;
  bool with_groups = false;  ///< the group intercepts as columns too

  std::int64_t num_draws() const { return num_chains * draws_per_chain; }
  /// The stream of a row: draw i of chain c is the same however many there are.
  std::int64_t stream(std::int64_t row) const {
    return (row / draws_per_chain) << 40 | row % draws_per_chain;
  }
};

}  // namespace merit
