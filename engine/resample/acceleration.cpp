// SPDX-License-Identifier: MIT
#include "engine/resample/acceleration.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace merit {
namespace {

struct StratumMean {
  double sum = 0.0, count = 0.0;
};

}  // namespace

double acceleration(std::span<const double> delete_one,
                    std::span<const std::int32_t> stratum) {
  const auto of = [&](std::size_t j) {
    return stratum.empty() ? std::size_t{0} : static_cast<std::size_t>(stratum[j]);
  };
  std::vector<StratumMean> strata(1);
  double count = 0.0;
  for (std::size_t j = 0; j < delete_one.size(); ++j) {
    if (std::isnan(delete_one[j])) continue;
    if (of(j) >= strata.size()) strata.resize(of(j) + 1);
    strata[of(j)].sum += delete_one[j];
    strata[of(j)].count += 1.0;
    count += 1.0;
  }
  std::vector<double> d;
  double largest = 0.0;  // d in units of it, so that cubes neither overflow nor vanish
  for (std::size_t j = 0; j < delete_one.size(); ++j) {
    if (std::isnan(delete_one[j])) continue;
    const StratumMean& own = strata[of(j)];
    const double share = stratum.empty() ? 1.0 : (own.count - 1.0) / own.count;
    d.push_back(share * (own.sum / own.count - delete_one[j]));
    largest = std::fmax(largest, std::abs(d.back()));
  }
  double squares = 0.0, cubes = 0.0;
  for (double value : d) {
    value /= largest;
    squares += value * value;
    cubes += value * value * value;
  }
  if (count < 2.0 || !(squares > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  return cubes / (6.0 * squares * std::sqrt(squares));
}

}  // namespace merit
