// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
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
  QuadratureKernel kernel = nullptr;

  bool has_thresholds() const { return family == Family::ordinal; }
};

/// @param num_categories  of an ordinal response
GlmFamily glm_family(
    Family family, Link link, bool bernoulli, int num_categories, SimdLevel simd);

/// The response as the family's kernel wants it.
struct EncodedResponse {
  std::array<AlignedVector<double>, kMostResponseParts> part;
  double log_constant = 0.0;   ///< of the log-likelihood, all that is free of parameters
  std::vector<double> exceed;  ///< negative binomial: how many y are > 0, > 1, …
};

/// Fills `out`, reusing its memory. @param y, trials  packs × 8, as in PackedRows
void encode_response(const GlmFamily& family,
                     std::span<const double> y,
                     std::span<const double> trials,
                     EncodedResponse& out);

/// exceed[m] = how many y of rows with trials are larger than m, each `times` over; added.
void add_exceeding(std::span<const double> y,
                   std::span<const double> trials,
                   double times,
                   std::vector<double>& exceed);

/// log of the constants of the rows: binomial coefficients, −log y!.
double log_constant(const GlmFamily& family,
                    std::span<const double> y,
                    std::span<const double> trials);

}  // namespace merit
