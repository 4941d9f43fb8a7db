// SPDX-License-Identifier: MIT
#include "engine/study/influence.hpp"

#include <cmath>

namespace merit {
namespace {

/// β̂ − β̂₍₋₎ of the base's coefficients; empty if the fit has not the same.
Eigen::VectorXd change(const AnalysisResult& base, const AnalysisResult& fit) {
  Eigen::VectorXd out(base.vcov.rows());
  Eigen::Index a = 0;
  for (const AnalysisTerm& term : base.terms) {
    if (term.effect != "fixed") continue;
    const AnalysisTerm* other = fit.find(term.term);
    if (other == nullptr || a == out.size()) return {};
    out[a++] = term.estimate - other->estimate;
  }
  return a == out.size() && fit.vcov.rows() == a ? out : Eigen::VectorXd();
}

}  // namespace

void add_influence(std::span<const Analysis> analyses,
                   std::span<AnalysisResult> results) {
  const AnalysisResult& base = results.front();
  const Eigen::LLT<Eigen::MatrixXd> factor(base.vcov);
  for (std::size_t i = 0; i < results.size(); ++i) {
    AnalysisResult& fit = results[i];
    if (analyses[i].kind != "left out" || !fit.failure.empty()) continue;
    for (AnalysisTerm& term : fit.terms) {
      const AnalysisTerm* of_base = base.find(term.term);
      if (term.effect == "fixed" && of_base != nullptr)
        term.dfbetas = (of_base->estimate - term.estimate) / term.std_error;
    }
    const Eigen::VectorXd moved = change(base, fit);
    if (moved.size() > 0 && factor.info() == Eigen::Success)
      fit.cooks_distance =
          moved.dot(factor.solve(moved)) / static_cast<double>(moved.size());
  }
}

double dfbetas_cutoff(std::int64_t num_groups) {
  return 2.0 / std::sqrt(static_cast<double>(num_groups));
}

double cooks_cutoff(std::int64_t num_groups) {
  return 4.0 / static_cast<double>(num_groups);
}

}  // namespace merit
