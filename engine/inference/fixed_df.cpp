// SPDX-License-Identifier: MIT
#include "engine/inference/fixed_df.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/fit/within_fit.hpp"

namespace merit {
namespace {

class FixedDf final : public WaldMethod {
 public:
  FixedDf(Eigen::VectorXd beta, Eigen::MatrixXd vcov, Eigen::VectorXd df)
      : beta_(std::move(beta)), vcov_(std::move(vcov)), df_(std::move(df)) {}

  const Eigen::MatrixXd& vcov() const override { return vcov_; }

  double df(const Eigen::VectorXd& c) const override {
    double smallest = HUGE_VAL;
    for (Eigen::Index k = 0; k < c.size(); ++k)
      if (c[k] != 0.0) smallest = std::min(smallest, df_[k]);
    return smallest > 0.0 ? smallest : NAN;
  }

  WaldTest test(const LinearHypothesis& hypothesis) const override {
    WaldTest out;
    out.num_df = static_cast<double>(hypothesis.L.rows());
    out.F = wald_quadratic(hypothesis, beta_, vcov_) / out.num_df;
    out.den_df = df(hypothesis.L.cwiseAbs().colwise().sum().transpose());
    out.p_value = f_upper_tail(out.F, out.num_df, out.den_df);
    return out;
  }

 private:
  Eigen::VectorXd beta_;
  Eigen::MatrixXd vcov_;
  Eigen::VectorXd df_;
};

}  // namespace

std::unique_ptr<WaldMethod> fixed_df(const Eigen::VectorXd& beta,
                                     const Eigen::MatrixXd& vcov,
                                     const Eigen::VectorXd& df) {
  return std::make_unique<FixedDf>(beta, vcov, df);
}

Eigen::VectorXd between_within_df(const GroupedStats& stats) {
  const std::vector<bool> varies = varies_within(stats);
  const auto within = static_cast<double>(std::count(varies.begin(), varies.end(), true));
  const auto J = static_cast<double>(stats.num_groups());
  const auto p = static_cast<double>(stats.num_fixed());
  Eigen::VectorXd df(stats.num_fixed());
  for (Eigen::Index k = 0; k < df.size(); ++k) {
    df[k] = varies[static_cast<std::size_t>(k)] ? stats.num_obs() - J - within
                                                : J - (p - within);
  }
  return df;
}

}  // namespace merit
