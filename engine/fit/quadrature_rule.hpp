// SPDX-License-Identifier: MIT
#pragma once

#include "engine/fit/quadrature_kernel.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {

/// More points than the most difficult integrand needs.
inline constexpr int kMostNodes = 201;

/// The K-point Gauss–Hermite rule for the standard normal weight: exact for polynomials of
/// degree 2K − 1. Each is computed once per process: that takes as long as a small fit.
class GaussHermite {
 public:
  /// @param num_nodes  K, 1 … kMostNodes
  explicit GaussHermite(int num_nodes);

  int size() const { return num_nodes_; }
  double node(int k) const { return node_[static_cast<std::size_t>(k)]; }
  double weight(int k) const { return weight_[static_cast<std::size_t>(k)]; }

  /// As a kernel takes it; points into this object.
  QuadratureRule rule(double mode_tolerance) const;

 private:
  GaussHermite() = default;
  static GaussHermite compute(int num_nodes);

  int num_nodes_ = 0;
  AlignedVector<double> node_, log_weight_, weight_;
};

}  // namespace merit
