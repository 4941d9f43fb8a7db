// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "engine/fit/fit_result.hpp"
#include "engine/resample/replicate_data.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/simd/level.hpp"

namespace merit {

struct SchemeOptions {
  std::uint64_t seed = 1;
  Criterion criterion = Criterion::reml;
  bool keep_std_errors = true;
  SimdLevel simd = SimdLevel::v3;
};

/// A way of making replicates: draws a data set per replicate and fits it. Replicate r is a
/// pure function of (data, fit, options, r): which thread makes it, and what is made beside
/// it, changes no bit.
class Scheme {
 public:
  virtual ~Scheme() = default;
  Scheme(const Scheme&) = delete;
  Scheme& operator=(const Scheme&) = delete;

  /// Makes replicates [first, first + count). Thread-safe.
  virtual void make(std::int64_t first,
                    std::int64_t count,
                    ReplicateRows& rows) const = 0;

  /// The data set of a replicate, for those who want more of it than its row: fitted, it gives
  /// that row. Nothing if it cannot be fitted, or if the scheme draws sums of data and no data (the
  /// parametric ones of Gaussian models). Thread-safe.
  virtual std::optional<ReplicateData> data(std::int64_t /*replicate*/) const {
    return std::nullopt;
  }

 protected:
  Scheme() = default;
};

}  // namespace merit
