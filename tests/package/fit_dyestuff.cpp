// SPDX-License-Identifier: MIT
//
// The smallest program that uses merit as a library: the Dyestuff data (Davies & Goldsmith
// 1972; lme4::Dyestuff), five yields of each of six batches, fitted by maximum likelihood.
#include <array>
#include <cmath>
#include <cstdio>

#include "engine/fit/gaussian_fit.hpp"

int main() {
  constexpr int kBatches = 6;
  constexpr int kYields = 5;
  constexpr std::array<std::array<double, kYields>, kBatches> yield = {{
      {1545, 1440, 1440, 1520, 1580},
      {1540, 1555, 1490, 1560, 1495},
      {1595, 1550, 1605, 1510, 1560},
      {1445, 1440, 1595, 1465, 1545},
      {1595, 1630, 1515, 1635, 1625},
      {1520, 1455, 1450, 1480, 1445},
  }};

  // One row is z = [1, y]; means are taken from the grand mean of y.
  merit::GroupedStats stats;
  stats.origin = Eigen::Vector2d(0.0, 1527.5);
  stats.within = Eigen::Matrix2d::Zero();
  stats.mean = Eigen::MatrixXd(2, kBatches);
  stats.size = Eigen::VectorXd::Constant(kBatches, kYields);
  for (int batch = 0; batch < kBatches; ++batch) {
    const Eigen::Map<const Eigen::ArrayXd> y(yield[batch].data(), kYields);
    stats.mean.col(batch) << 1.0, y.mean() - stats.origin(1);
    stats.within(1, 1) += (y - y.mean()).square().sum();
    stats.key.push_back(batch + 1);
  }

  const merit::FitResult fit =
      merit::fit_gaussian(stats, {.criterion = merit::Criterion::ml});
  std::printf("tau %.10f  sigma %.10f  mean %.10f\n", fit.tau, fit.sigma, fit.beta(0));

  // Closed form for a balanced one-way layout (Searle, Casella & McCulloch 1992): the same
  // as MixedModels.jl, test/pls.jl, "Dyestuff".
  const bool right = std::abs(fit.tau - 37.2603453195664) < 1e-6 &&
                     std::abs(fit.sigma - 49.51009997970111) < 1e-8 &&
                     std::abs(fit.beta(0) - 1527.5) < 1e-9;
  return right ? 0 : 1;
}
