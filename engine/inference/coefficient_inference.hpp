// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Dense>

#include "engine/inference/test_result.hpp"
#include "engine/inference/wald.hpp"

namespace merit {

/// What the tests and intervals of the coefficients rest on, as plain numbers.
struct CoefficientInference {
  DfMethod df_method = DfMethod::normal;
  VcovMethod vcov_method = VcovMethod::model;
  Eigen::MatrixXd vcov;  ///< p × p
  Eigen::VectorXd df;    ///< p, of t; infinite: normal; NaN: no test
};

/// The covariance matrix of the fit and the normal distribution.
CoefficientInference normal_inference(const FitResult& fit);

/// Of every coefficient.
CoefficientInference coefficient_inference(const WaldMethod& method,
                                           DfMethod df_method,
                                           VcovMethod vcov_method);

/// The test of a linear hypothesis about the coefficients of a fit.
TestResult test_contrast(const WaldMethod& method,
                         const LinearHypothesis& hypothesis,
                         const Eigen::VectorXd& beta,
                         DfMethod df_method,
                         VcovMethod vcov_method);

}  // namespace merit
