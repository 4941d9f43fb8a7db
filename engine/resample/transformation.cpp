// SPDX-License-Identifier: MIT
#include "engine/resample/transformation.hpp"

#include <algorithm>
#include <cmath>

#include "engine/random/stream.hpp"
#include "engine/resample/new_responses.hpp"
#include "engine/resample/residual_pool.hpp"

namespace merit {
namespace {

/// The Cholesky factor of σ²I + τ²11ᵀ, as long as the largest group.
struct Factor {
  Eigen::VectorXd diagonal;  ///< L_kk
  Eigen::VectorXd below;     ///< L_ik, i > k

  Factor(double sigma, double tau, Eigen::Index length)
      : diagonal(length), below(length) {
    const double within = sigma * sigma, between = tau * tau;
    for (Eigen::Index k = 0; k < length; ++k) {
      const double sum = within + static_cast<double>(k) * between;
      const double rest = sum > 0.0 ? between * (within / sum) : 0.0;
      diagonal[k] = std::sqrt(within + rest);
      below[k] = rest > 0.0 ? rest / diagonal[k] : 0.0;
    }
  }
};

class TransformationBootstrap final : public NewResponses {
 public:
  TransformationBootstrap(const GroupedStats& stats,
                          const GroupRows& rows,
                          const FitResult& fit,
                          const SchemeOptions& options)
      : NewResponses(stats, rows, fit, options),
        factor_(fit.sigma, fit.tau, static_cast<Eigen::Index>(stats.size.maxCoeff())),
        pool_(residual()) {
    for (Eigen::Index j = 0; j < num_groups(); ++j)
      uncorrelate(pool_.segment(first_row(j), group_size(j)));
    rescale_pool(pool_, 1.0);
  }

 private:
  /// L⁻¹r in place of r.
  void uncorrelate(Eigen::Ref<Eigen::VectorXd> residual) const {
    double shared = 0.0;
    for (Eigen::Index k = 0; k < residual.size(); ++k) {
      const double own = residual[k] - shared;
      residual[k] = own == 0.0 ? 0.0 : own / factor_.diagonal[k];  // σ̂ = 0: 0/0
      shared += factor_.below[k] * residual[k];
    }
  }

  void draw(std::int64_t replicate, DrawnErrors& errors) const override {
    Stream stream(seed(), Purpose::residual_rows, replicate);
    errors.group.setZero();
    for (Eigen::Index j = 0; j < num_groups(); ++j) {
      double* const error = errors.error.data() + first_row(j);
      double shared = 0.0;
      for (Eigen::Index k = 0; k < group_size(j); ++k) {
        const double z = pool_[stream.index(num_obs())];
        error[k] = shared + factor_.diagonal[k] * z;
        shared += factor_.below[k] * z;
      }
    }
    add_up(errors);
  }

  Factor factor_;
  Eigen::VectorXd pool_;  // n
};

}  // namespace

std::unique_ptr<Scheme> transformation_bootstrap(const GroupedStats& stats,
                                                 const GroupRows& rows,
                                                 const FitResult& fit,
                                                 const SchemeOptions& options) {
  return std::make_unique<TransformationBootstrap>(stats, rows, fit, options);
}

}  // namespace merit
