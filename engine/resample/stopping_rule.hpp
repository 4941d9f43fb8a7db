// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace merit {

/// When there are enough replicates: looked at after certain counts of them, in their order, so
/// that a job stops at the same replicate whoever makes them, and however often it is stopped.
///
/// The counts are a ladder, each a quarter more than the one before, rounded up to whole blocks.
/// Which of its rungs comes next depends on the error seen at the last. It falls with √R, so from
/// R replicates with c times the error wanted the rule climbs at once to the rung below 0.9 c²R
/// (at most 8R: an error seen in few replicates is itself uncertain), and not over those between.
struct StoppingRule {
  double error = 0.01;          ///< below which it ends
  std::int64_t most = 1;        ///< replicates, whatever the error
  std::int64_t block_rows = 1;  ///< replicates per block

  /// The first count. @param least  replicates without which there is nothing to see
  std::int64_t first(std::int64_t least) const;

  /// The count after this one; `now` itself if this is the end.
  /// @param seen  the error with `now` replicates; NaN or infinite: not known yet
  std::int64_t next(std::int64_t now, double seen) const;
};

}  // namespace merit
