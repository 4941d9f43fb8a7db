// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/fit/quadrature_kernel.hpp"
#include "engine/model/family.hpp"
#include "engine/model/packed_rows.hpp"

namespace merit {

/// A family with a link on given data: what the quadrature needs to know of it.
struct GlmFamily {
  Family family = Family::binomial;
  Link link = Link::logit;
  int num_categories = 0;  ///< ordinal
  bool bernoulli = false;  ///< binomial, all trials are 1
  int num_extra = 0;       ///< parameters besides β and τ: log θ, or thresholds
  QuadratureKernel kernel = {};

  bool has_thresholds() const { return family == Family::ordinal; }
};

/// @param num_categories  of an ordinal response
GlmFamily glm_family(
    Family family, Link link, bool bernoulli, int num_categories, SimdLevel simd);

/// A response on the rows of a model, the original or a drawn one.
struct Outcome {
  const std::int32_t* y = nullptr;  ///< packs × 8, as in PackedRows
  double log_constant = 0.0;   ///< of the log-likelihood, all that is free of parameters
  std::vector<double> exceed;  ///< negative binomial: how many y are > 0, > 1, …
};

/// What belongs to a response `y` beside `rows`. Fills `out`, reusing its memory.
void describe_outcome(const GlmFamily& family,
                      const PackedRows& rows,
                      const std::int32_t* y,
                      Outcome& out);

/// exceed[m] = how many y of these groups' rows are larger than m, group j counted times[j]
/// over (null: once).
void count_exceeding(const PackedRows& rows,
                     const std::int32_t* y,
                     const double* times,
                     std::vector<double>& exceed);

/// log of the constants of a group's rows: binomial coefficients, −log y!.
double log_constant(const GlmFamily& family,
                    const PackedRows& rows,
                    const std::int32_t* y,
                    std::int64_t group);

}  // namespace merit
