// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <Eigen/Dense>

#include "engine/fit/fit_result.hpp"
#include "engine/model/grouped_stats.hpp"

/// Tests of linear hypotheses about β: what all methods of `--df` and `--vcov` have in common.
namespace merit {

/// Reference distribution of estimate / standard error: `--df`.
enum class DfMethod {
  normal,          ///< standard normal, no df
  residual,        ///< t with n − p degrees of freedom
  between_within,  ///< t, by where the column varies (between_within.hpp)
  satterthwaite,   ///< t, matched moments (satterthwaite.hpp, cluster_robust.hpp)
  kenward_roger,   ///< t, with the adjusted covariance (kenward_roger.hpp)
};

/// Covariance matrix of β̂: `--vcov`.
enum class VcovMethod { model, cr0, cr1, cr2, cr3 };

/// The words of the options: "between-within", "kr", "CR2", …
std::string_view name(DfMethod method);
inline constexpr DfMethod kDfMethods[] = {DfMethod::normal,
                                          DfMethod::residual,
                                          DfMethod::between_within,
                                          DfMethod::satterthwaite,
                                          DfMethod::kenward_roger};
std::string_view name(VcovMethod method);

/// L β = value, q rows.
struct LinearHypothesis {
  std::string text;       ///< as the user wrote it
  Eigen::MatrixXd L;      ///< q × p, of full row rank
  Eigen::VectorXd value;  ///< q
};

/// F on (num_df, den_df) degrees of freedom; den_df infinite: χ²/num_df.
struct WaldTest {
  double F = std::numeric_limits<double>::quiet_NaN();
  double num_df = 0.0;
  double den_df = std::numeric_limits<double>::infinity();
  double p_value = std::numeric_limits<double>::quiet_NaN();
};

/// Upper tail of F(num_df, den_df); NaN unless all are positive.
double f_upper_tail(double F, double num_df, double den_df);

/// How hypotheses about β are tested.
class WaldMethod {
 public:
  virtual ~WaldMethod() = default;
  WaldMethod(const WaldMethod&) = delete;
  WaldMethod& operator=(const WaldMethod&) = delete;

  /// Covariance matrix of β̂ that the tests use, p × p.
  virtual const Eigen::MatrixXd& vcov() const = 0;
  /// Degrees of freedom of t for cᵀβ; infinite: normal; NaN: none can be given.
  virtual double df(const Eigen::VectorXd& c) const = 0;
  /// @throws DataError if the estimates' covariance leaves L β̂ without variation
  virtual WaldTest test(const LinearHypothesis& hypothesis) const = 0;

 protected:
  WaldMethod() = default;
};

/// (Lβ̂ − value)ᵀ (L vcov Lᵀ)⁻¹ (Lβ̂ − value). @throws DataError if L vcov Lᵀ is singular
double wald_quadratic(const LinearHypothesis& hypothesis,
                      const Eigen::VectorXd& beta,
                      const Eigen::MatrixXd& vcov);

}  // namespace merit
