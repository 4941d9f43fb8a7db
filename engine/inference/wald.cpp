// SPDX-License-Identifier: MIT
#include "engine/inference/wald.hpp"

#include <cmath>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>

#include "engine/error.hpp"

namespace merit {

std::string_view name(DfMethod method) {
  switch (method) {
    case DfMethod::normal:
      return "normal";
    case DfMethod::residual:
      return "residual";
    case DfMethod::between_within:
      return "between-within";
    case DfMethod::satterthwaite:
      return "satterthwaite";
    case DfMethod::kenward_roger:
      return "kr";
  }
  return "";
}

std::string_view name(VcovMethod method) {
  switch (method) {
    case VcovMethod::model:
      return "model";
    case VcovMethod::cr0:
      return "CR0";
    case VcovMethod::cr1:
      return "CR1";
    case VcovMethod::cr2:
      return "CR2";
    case VcovMethod::cr3:
      return "CR3";
  }
  return "";
}

double f_upper_tail(double F, double num_df, double den_df) {
  using boost::math::cdf;
  using boost::math::complement;
  if (!(F >= 0.0 && num_df > 0.0 && den_df > 0.0)) return NAN;
  if (std::isinf(F)) return 0.0;
  if (std::isinf(den_df)) {
    return cdf(complement(boost::math::chi_squared(num_df), F * num_df));
  }
  return cdf(complement(boost::math::fisher_f(num_df, den_df), F));
}

double wald_quadratic(const LinearHypothesis& hypothesis,
                      const Eigen::VectorXd& beta,
                      const Eigen::MatrixXd& vcov) {
  const Eigen::VectorXd difference = hypothesis.L * beta - hypothesis.value;
  const Eigen::MatrixXd V = hypothesis.L * vcov * hypothesis.L.transpose();
  // On the scale of its own standard deviations, so that units do not matter.
  const Eigen::VectorXd scale = V.diagonal().cwiseSqrt().cwiseInverse();
  const Eigen::MatrixXd R = scale.asDiagonal() * V * scale.asDiagonal();
  const Eigen::LLT<Eigen::MatrixXd> chol(R);
  constexpr double kSingular = 1e-12;
  if (chol.info() != Eigen::Success || !scale.allFinite() ||
      !(chol.matrixLLT().diagonal().array().square() > kSingular).all()) {
    throw DataError(hypothesis.text +
                    ": the covariance matrix of the estimates is singular in these "
                    "directions; test fewer of them");
  }
  return chol.matrixL().solve(scale.cwiseProduct(difference)).squaredNorm();
}

}  // namespace merit
