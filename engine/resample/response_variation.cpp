// SPDX-License-Identifier: MIT
#include "engine/resample/response_variation.hpp"

namespace merit {

bool can_be_fitted(const GlmFamily& family,
                   const PackedRows& rows,
                   const std::int32_t* y,
                   const double* multiplicity) {
  double events = 0.0, trials = 0.0;
  std::uint64_t seen = 0;  // categories, of which there are at most 63
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    if (multiplicity != nullptr && multiplicity[j] == 0.0) continue;
    const std::int64_t first = rows.first_row(j);
    const std::int64_t end = first + rows.size[static_cast<std::size_t>(j)];
    for (std::int64_t i = first; i < end; ++i) {
      events += y[i];
      trials += rows.trials_of(i);
      if (family.has_thresholds())
        seen |= std::uint64_t{1} << static_cast<unsigned>(y[i]);
    }
  }
  if (family.has_thresholds())
    return seen == (std::uint64_t{1} << static_cast<unsigned>(family.num_categories)) - 1;
  return events > 0.0 && (family.family != Family::binomial || events < trials);
}

}  // namespace merit
