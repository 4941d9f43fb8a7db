// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/resample/quantity.hpp"
#include "engine/resample/reb_adjustment.hpp"

namespace merit {

/// An estimate or a quantity that is studentised: (t − t₀)/s, or on the scale of its logarithm
/// (log t − log t₀)/(s/t), which has no value at t = 0.
struct StudentisedColumn {
  std::int64_t estimate = 0;   ///< its column; quantities are behind the estimates
  std::int64_t std_error = 0;  ///< that of s among the standard errors
  double original = 0.0;       ///< t₀
  bool log_scale = false;
};

/// The values that are tallied of a job's rows: the estimates as they are stored, then the
/// quantities, then studentised estimates. What is undefined in a row is NaN there.
struct SummaryColumns {
  std::int64_t num_estimates = 0;
  std::int64_t num_std_errors = 0;
  std::vector<Quantity> quantities = {};
  std::vector<StudentisedColumn> studentised = {};
  std::optional<RebAdjustment> adjustment = {};  ///< of the estimates, before all else

  bool as_stored() const {
    return quantities.empty() && studentised.empty() && !adjustment;
  }
  bool need_std_errors() const { return !studentised.empty(); }
  std::size_t first_studentised() const {
    return static_cast<std::size_t>(num_estimates) + quantities.size();
  }

  /// Of some rows, row by row: the estimates themselves, or what is computed, in `memory`.
  std::span<const double> values(std::span<const double> estimates,
                                 std::span<const double> std_errors,
                                 std::span<const std::uint8_t> status,
                                 std::vector<double>& memory) const;
};

}  // namespace merit
