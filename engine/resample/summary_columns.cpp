// SPDX-License-Identifier: MIT
#include "engine/resample/summary_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/model/elementary.hpp"
#include "engine/resample/replicate_rows.hpp"

namespace merit {

std::span<const double> SummaryColumns::values(std::span<const double> estimates,
                                               std::span<const double> std_errors,
                                               std::span<const std::uint8_t> status,
                                               std::vector<double>& memory) const {
  if (as_stored()) return estimates;
  const auto from = static_cast<std::size_t>(num_estimates);
  const auto errors = static_cast<std::size_t>(num_std_errors);
  const std::size_t width = first_studentised() + studentised.size();
  memory.assign(status.size() * width, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t row = 0; row < status.size(); ++row) {
    if (!has_estimate(status[row])) continue;
    const std::span<double> t(memory.data() + row * width, from);
    std::copy_n(
        estimates.begin() + static_cast<std::ptrdiff_t>(row * from), from, t.begin());
    if (adjustment) (*adjustment)(t);
    double* out = t.data() + from;
    for (const Quantity& quantity : quantities)
      *out++ = quantity(t);
    for (const StudentisedColumn& column : studentised) {
      const double value = t.data()[column.estimate];  // a quantity's is behind t
      const double s =
          std_errors[row * errors + static_cast<std::size_t>(column.std_error)];
      double z = (value - column.original) / s;
      if (column.log_scale) {  // s is of the replicate before any adjustment
        const double unadjusted =
            estimates[row * from + static_cast<std::size_t>(column.estimate)];
        z = elementary::log(value / column.original) * (unadjusted / s);
      }
      if (std::isfinite(z)) *out = z;
      ++out;
    }
  }
  return memory;
}

}  // namespace merit
