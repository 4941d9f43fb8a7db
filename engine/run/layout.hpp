// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/run/communicator.hpp"

namespace merit {

/// Where one rank runs.
struct RankLayout {
  std::string host;
  std::vector<int> cpus;  ///< CPU numbers it may use, ascending
  int threads = 1;        ///< workers it will use
};

/// CPUs that the launcher, the job scheduler or taskset leave to this process, ascending.
std::vector<int> allowed_cpus();

/// One worker per allowed CPU. Not hardware_concurrency: under mpirun's default binding a
/// rank on a big node may own one core.
int default_threads();

std::string host_name();

/// The layout of every rank, in rank order, on every rank. *Collective*
std::vector<RankLayout> gather_layout(const Communicator& comm, int threads);

/// "4 ranks × 8 threads on 2 nodes", "1 rank × 2 threads".
std::string describe(const std::vector<RankLayout>& ranks);

/// "4 CPUs each": what the launcher leaves to the ranks.
std::string describe_cpus(const std::vector<RankLayout>& ranks);

/// One sentence, with the remedy, for each node whose CPUs are asked for more than they
/// have: more threads than CPUs in a rank's mask, or ranks that share their CPUs.
std::vector<std::string> layout_warnings(const std::vector<RankLayout>& ranks);

}  // namespace merit
