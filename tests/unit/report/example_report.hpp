// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/report/fit_rows.hpp"
#include "engine/report/report.hpp"

namespace merit::example {

/// lme4 1.1-31 (R 4.2.2): lmer(Reaction ~ Days + (1 | Subject), sleepstudy, REML = FALSE).
inline FitResult sleepstudy_ml() {
  FitResult fit;
  fit.criterion = Criterion::ml;
  fit.beta = Eigen::Vector2d(251.405104848484427, 10.467285959595975);
  fit.vcov = Eigen::Matrix2d{{90.3675569214629206, -2.8925085885458732},
                             {-2.8925085885458732, 0.64277968634352822}};
  fit.sigma = 30.895433873311099;
  fit.tau = 36.012081937762325;
  fit.log_likelihood = -897.039321502613;
  fit.converged = true;
  fit.iterations = 7;
  return fit;
}

inline const std::vector<std::string>& sleepstudy_terms() {
  static const std::vector<std::string> terms = {"(Intercept)", "Days"};
  return terms;
}

/// t with these degrees of freedom for every coefficient.
inline CoefficientInference with_df(const FitResult& fit, double df) {
  CoefficientInference inference = normal_inference(fit);
  inference.df.setConstant(df);
  return inference;
}

inline std::vector<TidyRow> sleepstudy_rows() {
  const FitResult fit = sleepstudy_ml();
  std::vector<TidyRow> rows =
      fixed_effect_rows(fit, sleepstudy_terms(), normal_inference(fit));
  for (TidyRow& row : variance_rows(fit, "Subject"))
    rows.push_back(row);
  return rows;
}

inline Report sleepstudy_report() {
  const FitResult fit = sleepstudy_ml();
  Report report;
  report.command = "fit";
  report.version = "0.1.0";
  report.model.formula = "Reaction ~ Days + (1 | Subject)";
  report.model.method = "ml";
  report.data.file = "sleepstudy.h5";
  report.data.digest = "0123";
  report.data.rows_read = 1183;
  report.data.rows_used = 180;
  report.data.rows_excluded_by_where = 1000;
  report.data.rows_dropped = {{"Days", 2}, {"Reaction", 1}, {"Subject", 0}};
  report.data.group = describe_groups("Subject", std::vector<std::int64_t>(18, 10));
  report.glance = glance(fit, 180, 18);
  report.tidy = sleepstudy_rows();
  report.vcov = {sleepstudy_terms(), fit.vcov};
  report.provenance = {{"seed", std::int64_t{1}}, {"seconds", 0.5}};
  return report;
}

}  // namespace merit::example
