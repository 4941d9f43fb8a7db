// SPDX-License-Identifier: MIT
#include "engine/inference/coefficient_inference.hpp"

#include <cmath>
#include <limits>

namespace merit {
namespace {

/// "Kenward-Roger", "CR2, Satterthwaite (HTZ)", "normal"
std::string method_text(DfMethod df, VcovMethod vcov, bool one_row) {
  const bool robust = vcov != VcovMethod::model;
  std::string text = robust ? std::string(name(vcov)) + ", " : "";
  switch (df) {
    case DfMethod::kenward_roger:
      return text + "Kenward-Roger";
    case DfMethod::satterthwaite:
      return text + "Satterthwaite" + (robust && !one_row ? " (HTZ)" : "");
    default:
      return text + std::string(name(df));
  }
}

}  // namespace

CoefficientInference normal_inference(const FitResult& fit) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return {.vcov = fit.vcov, .df = Eigen::VectorXd::Constant(fit.beta.size(), kInfinity)};
}

CoefficientInference coefficient_inference(const WaldMethod& method,
                                           DfMethod df_method,
                                           VcovMethod vcov_method) {
  CoefficientInference out{df_method, vcov_method, method.vcov(), {}};
  const Eigen::Index p = out.vcov.rows();
  out.df.resize(p);
  for (Eigen::Index k = 0; k < p; ++k)
    out.df[k] = method.df(Eigen::VectorXd::Unit(p, k));
  return out;
}

TestResult test_contrast(const WaldMethod& method,
                         const LinearHypothesis& hypothesis,
                         const Eigen::VectorXd& beta,
                         DfMethod df_method,
                         VcovMethod vcov_method) {
  const WaldTest test = method.test(hypothesis);
  const bool one_row = hypothesis.L.rows() == 1;
  TestResult out;
  out.kind = "contrast";
  out.hypothesis = hypothesis.text;
  out.method = method_text(df_method, vcov_method, one_row);
  if (one_row) {
    const Eigen::VectorXd c = hypothesis.L.row(0).transpose();
    out.estimate = c.dot(beta);
    out.null_value = hypothesis.value[0];
    out.std_error = std::sqrt(c.dot(method.vcov() * c));
  }
  out.statistic = test.F;
  out.num_df = test.num_df;
  if (!std::isinf(test.den_df)) out.den_df = test.den_df;
  out.p_value = test.p_value;
  return out;
}

}  // namespace merit
