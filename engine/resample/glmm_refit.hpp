// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/fit/glmm_fit.hpp"
#include "engine/fit/quadrature_newton.hpp"
#include "engine/resample/replicate_rows.hpp"

namespace merit {

/// Refits a model on changed data, from the original estimates. One per thread: it keeps the
/// memory. The caller changes `response` (and `rows`, if it has its own) and calls fit().
class GlmmRefit {
 public:
  /// @param rows  null: the model's own; else rows that the caller changes between fits, never
  ///              with larger groups than the model's or another number of them
  GlmmRefit(const GlmmModel& model, const GlmmFit& original, const PackedRows* rows);

  Outcome response;

  /// Negative binomial with multiplicities: the counts that belong to them.
  std::vector<double> exceed;

  /// Fits, and writes row `at` of `out`. @param multiplicity  see QuadratureLikelihood
  /// @param modes  J, where the modes begin; null: the original's
  void fit(const double* multiplicity,
           double log_constant,
           const double* modes,
           std::int64_t at,
           ReplicateRows& out);

  /// Writes a replicate without estimates.
  static void fail(ReplicateStatus status, std::int64_t at, ReplicateRows& out);

 private:
  NewtonResult search(bool& on_boundary);

  const GlmmModel* model_;
  const GlmmFit* original_;
  GaussHermite rule_;
  QuadratureLikelihood likelihood_;
  NewtonWorkspace work_;
};

/// The covariance matrix of the reported estimates and τ̂, P × P, at a maximum ψ of the
/// quadrature likelihood with so many points: from Louis' information where it is good enough, else
/// the observed one. NaN for τ̂ = 0, whose information is not that of the others; empty if
/// the information is singular.
Eigen::MatrixXd covariance_at(const GlmmModel& model,
                              int num_nodes,
                              const Eigen::VectorXd& psi);

/// Hands out what threads need one of each: taken for some replicates, then given back.
template <class Worker>
class WorkerPool {
 public:
  /// Calls use(worker) with a worker of its own, made by make() if none is free.
  template <class Make, class Use>
  void with_worker(const Make& make, const Use& use) {
    std::unique_ptr<Worker> worker;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        worker = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!worker) worker = make();
    use(*worker);
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(worker));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> free_;
};

}  // namespace merit
