// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/simd/level.hpp"

namespace merit {

inline constexpr int kPackLanes = 8;  ///< rows per pack

/// Most numbers that a family keeps of a row, to move it between nodes.
inline constexpr int kMostStates = 5;

/// The rows of a model as plain arrays (engine/model/packed_rows.hpp); nothing else may cross
/// into the kernels. Rows that pad, y < 0, add exactly nothing.
struct QuadratureRows {
  int num_fixed;                   ///< p
  std::int64_t num_groups;         ///< J
  const std::int64_t* first_pack;  ///< J + 1
  const double* x;                 ///< packs × p × 8
  const double* offset;            ///< packs × 8; null: 0
  const std::int32_t* y;           ///< packs × 8
  const std::int32_t* trials;      ///< packs × 8; null: 1
  const double* weight;            ///< packs × 8, sampling weights; null: 1
  /// J, how often a group counts: 0 skips it, 2 is two groups with the same rows. Null: 1.
  const double* multiplicity;
};

/// A Gauss–Hermite rule for ∫ φ(z) g(z) dz ≈ Σ w_k g(z_k), padded to a multiple of eight.
struct QuadratureRule {
  int num_nodes;             ///< K
  int num_padded;            ///< K rounded up to a multiple of 8
  const double* node;        ///< z_k; 0 beyond K
  const double* log_weight;  ///< log w_k + z_k²/2; −10³⁰⁰ beyond K
  double mode_tolerance;     ///< modes are right to this many of their sds
};

/// What is kept of each group between evaluations.
struct GroupIntegrals {
  double* mode;       ///< J, v̂_j on the scale of v ~ N(0, 1); the start on entry
  double* curvature;  ///< J, h_j = −f_j″(v̂_j)
  double* slope;      ///< J × P, ∂v̂_j/∂ψ, to predict modes at other parameters
};

/// Parameters are ψ = (β, extras of the family, τ): P = p + E + 1.
struct QuadratureSums {
  double log_likelihood;  ///< without the family's constants
  double* gradient;       ///< P
  double* information;    ///< P × P, row-major, both triangles; see `Detail`
  bool finite;            ///< false: the parameters are out of the family's reach
};

enum class QuadratureDetail : int {
  value = 0,     ///< log-likelihood alone
  gradient = 1,  ///< and the exact gradient of the rule
  /// and Louis' information, scores along the intercept to second order about the mode: for
  /// Newton steps
  information = 2,
  /// Louis' information with every node's score: as exact as the rule itself. With fewer than
  /// three nodes the same as `information`
  full_information = 3,
};

/// How a kernel divides its scratch, in doubles from its begin.
struct QuadratureScratch {
  /// Packs that are kept until X′WX is worth a pass.
  static constexpr std::int64_t kChunk = 32;
  /// Packs of a group whose derivatives at every node are kept; of larger groups they are
  /// computed again when they are needed, which costs no more than the way to memory.
  static constexpr std::int64_t kMostRecorded = 1024;

  /// @param largest  packs of the largest group
  constexpr QuadratureScratch(int p, int e, int num_padded, std::int64_t largest)
      : node(0),
        group(node + std::int64_t{num_padded} * (7 + 2 * kPackLanes)),
        state(group + std::int64_t{num_padded + 4} * (p + e + 1)),
        record(state + largest * (2 + kMostStates) * kPackLanes),
        chunk(record + (largest < kMostRecorded ? largest : kMostRecorded) * num_padded *
                           2 * kPackLanes),
        chunk_stride((largest + kChunk) * kPackLanes),
        totals(chunk + (2 + e) * chunk_stride),
        num_totals(std::int64_t{kPackLanes} *
                   (p + e + std::int64_t{e} * p + e * e + p * (p + 1) / 2)),
        extra(totals + num_totals),
        size(extra + std::int64_t{2} * e * kPackLanes) {}

  std::int64_t node, group, state, record, chunk, chunk_stride, totals, num_totals;
  std::int64_t extra, size;
};

/// log L(ψ) = Σ_j log ∫ exp(Σ_i w_i ℓ_i(x_iᵀβ + offset_i + τv)) φ(v) dv by K-point adaptive
/// Gauss–Hermite quadrature about each group's mode; engine/fit/quadrature.hpp has the
/// formulas.
using EvaluateQuadrature = void (*)(const QuadratureRows& rows,
                                    const QuadratureRule& rule,
                                    const double* psi,
                                    int num_extra,
                                    QuadratureDetail detail,
                                    const GroupIntegrals& groups,
                                    QuadratureSums& sums,
                                    double* scratch);

/// Up to eight values of one group's intercept, and its conditional log-density there:
/// f(v) = Σ_i ℓ_i(η_i + τv) − v²/2, without the family's constants, and f′(v).
struct InterceptPoints {
  int count = 0;
  double v[kPackLanes] = {};
  double density[kPackLanes] = {}, slope[kPackLanes] = {};
};

/// @param rows  of that group: num_groups is 1
using EvaluateIntercept = void (*)(const QuadratureRows& rows,
                                   const double* psi,
                                   int num_extra,
                                   InterceptPoints& points,
                                   double* scratch);

struct QuadratureKernel {
  EvaluateQuadrature evaluate = nullptr;
  EvaluateIntercept intercept = nullptr;
};

/// One per family and link; each is a file <name>_kernel.cpp.
#define MERIT_QUADRATURE_KERNELS                  \
  QuadratureKernel bernoulli_logit_quadrature();  \
  QuadratureKernel binomial_logit_quadrature();   \
  QuadratureKernel binomial_probit_quadrature();  \
  QuadratureKernel binomial_cloglog_quadrature(); \
  QuadratureKernel poisson_quadrature();          \
  QuadratureKernel negbinomial_quadrature();      \
  QuadratureKernel ordinal_logit_quadrature();    \
  QuadratureKernel ordinal_probit_quadrature();

namespace simd_v2 {
MERIT_QUADRATURE_KERNELS
}
namespace simd_v3 {
MERIT_QUADRATURE_KERNELS
}
namespace simd_v4 {
MERIT_QUADRATURE_KERNELS
}

}  // namespace merit
