// SPDX-License-Identifier: MIT
//
// One REML fit of n = 10⁶ rows in J = 10,000 groups, p = 10, with the rows in memory: their
// reduction to sufficient statistics, block by block as a reading pass does it, and the fit.
//
//   fit_in_memory --benchmark_format=json

#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/fit/gaussian_fit.hpp"
#include "engine/model/group_moments.hpp"
#include "engine/model/table.hpp"

namespace {

constexpr Eigen::Index kRows = 1'000'000;
constexpr Eigen::Index kGroups = 10'000;
constexpr Eigen::Index kColumns = 10;  // intercept included

struct Block {
  Eigen::MatrixXd z;
  std::vector<double> group;
};

std::vector<Block> make_rows() {
  std::mt19937_64 bits(1);
  std::normal_distribution<double> normal;
  std::vector<double> effect(kGroups);
  for (double& e : effect)
    e = 0.3 * normal(bits);
  std::vector<Block> blocks;
  for (Eigen::Index first = 0; first < kRows; first += merit::kBlockRows) {
    const Eigen::Index count = std::min<Eigen::Index>(merit::kBlockRows, kRows - first);
    Block block{Eigen::MatrixXd(count, kColumns + 1), {}};
    for (Eigen::Index i = 0; i < count; ++i) {
      const auto group = static_cast<std::size_t>(bits() % kGroups);
      block.group.push_back(static_cast<double>(group));
      block.z(i, 0) = 1.0;
      for (Eigen::Index a = 1; a < kColumns; ++a)
        block.z(i, a) = normal(bits);
      block.z(i, kColumns) = 5.0 + 0.3 * block.z(i, 1) + effect[group] + normal(bits);
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

const std::vector<Block>& rows() {
  static const std::vector<Block> blocks = make_rows();
  return blocks;
}

merit::GroupMoments reduce() {
  using merit::SimdLevel, merit::WithinDetail;
  merit::GroupMoments sum;
  for (const Block& block : rows()) {
    merit::GroupMoments next =
        merit::group_moments(block.z,
                             block.group,
                             WithinDetail::pooled,
                             std::min(SimdLevel::v3, merit::highest_simd_level()));
    sum = sum.key.empty() ? std::move(next) : merit::merge(sum, next);
  }
  return sum;
}

void reduce_rows(benchmark::State& state) {
  rows();
  for (auto _ : state)
    benchmark::DoNotOptimize(reduce());
}

void fit(benchmark::State& state) {
  const merit::GroupedStats stats = merit::grouped_stats(reduce(), true);
  for (auto _ : state)
    benchmark::DoNotOptimize(merit::fit_gaussian(stats));
}

BENCHMARK(reduce_rows)->Unit(benchmark::kMillisecond);
BENCHMARK(fit)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
