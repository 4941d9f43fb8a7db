// SPDX-License-Identifier: MIT
#include "engine/run/layout.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <map>
#include <set>
#include <span>

#include <fmt/format.h>
#include <omp.h>
#include <sched.h>
#include <unistd.h>

namespace merit {

namespace {

/// The affinity mask of the calling thread.
std::vector<int> affinity_mask() {
  // More CPUs than a cpu_set_t holds need a longer mask: grow until the kernel accepts it.
  for (int max_cpus = CPU_SETSIZE; max_cpus <= 1 << 20; max_cpus *= 2) {
    cpu_set_t* const mask = CPU_ALLOC(static_cast<std::size_t>(max_cpus));
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(max_cpus));
    std::vector<int> cpus;
    const bool known = sched_getaffinity(0, size, mask) == 0;
    const bool too_short = !known && errno == EINVAL;
    for (int cpu = 0; known && cpu < max_cpus; ++cpu) {
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), size, mask)) cpus.push_back(cpu);
    }
    CPU_FREE(mask);
    if (!too_short) return cpus;
  }
  return {};
}

std::string count_of(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::vector<int> allowed_cpus() {
  // With OMP_PROC_BIND set, OpenMP has already bound this thread to the first of its places:
  // what the launcher left to the process is then the union of the places.
  std::set<int> cpus;
  for (int place = 0; place < omp_get_num_places(); ++place) {
    std::vector<int> ids(static_cast<std::size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, ids.data());
    cpus.insert(ids.begin(), ids.end());
  }
  if (!cpus.empty()) return {cpus.begin(), cpus.end()};
  std::vector<int> mask = affinity_mask();
  if (mask.empty()) mask.push_back(0);
  return mask;
}

int default_threads() {
  return static_cast<int>(allowed_cpus().size());
}

std::string host_name() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0) return "unknown host";
  return name;
}

std::vector<RankLayout> gather_layout(const Communicator& comm, int threads) {
  ByteWriter writer;
  writer.put_text(host_name());
  const std::vector<int> cpus = allowed_cpus();
  writer.put_all(std::span<const int>(cpus));
  writer.put(threads);
  std::vector<RankLayout> ranks;
  for (const Bytes& bytes : comm.all_gather(writer.take())) {
    ByteReader reader(bytes);
    RankLayout& rank = ranks.emplace_back();
    rank.host = reader.take_text();
    rank.cpus = reader.take_vector<int>();
    rank.threads = reader.take<int>();
  }
  return ranks;
}

std::string describe(const std::vector<RankLayout>& ranks) {
  std::set<std::string> hosts;
  int fewest = ranks.front().threads;
  int most = fewest;
  for (const RankLayout& rank : ranks) {
    hosts.insert(rank.host);
    fewest = std::min(fewest, rank.threads);
    most = std::max(most, rank.threads);
  }
  std::string text = count_of(ranks.size(), "rank") + " × ";
  text += fewest == most ? count_of(static_cast<std::size_t>(most), "thread")
                         : fmt::format("{} to {} threads", fewest, most);
  if (hosts.size() > 1) text += " on " + count_of(hosts.size(), "node");
  return text;
}

std::string describe_cpus(const std::vector<RankLayout>& ranks) {
  std::size_t fewest = ranks.front().cpus.size();
  std::size_t most = fewest;
  for (const RankLayout& rank : ranks) {
    fewest = std::min(fewest, rank.cpus.size());
    most = std::max(most, rank.cpus.size());
  }
  const std::string each = ranks.size() == 1 ? "" : " per rank";
  if (fewest == most) return count_of(most, "CPU") + each;
  return fmt::format("{} to {} CPUs{}", fewest, most, each);
}

std::vector<std::string> layout_warnings(const std::vector<RankLayout>& ranks) {
  struct Node {
    int num_ranks = 0;
    int num_threads = 0;
    std::set<int> cpus;
  };
  std::map<std::string, Node> nodes;
  std::vector<std::string> warnings;
  std::set<std::string> warned;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const RankLayout& rank = ranks[r];
    Node& node = nodes[rank.host];
    ++node.num_ranks;
    node.num_threads += rank.threads;
    node.cpus.insert(rank.cpus.begin(), rank.cpus.end());
    if (static_cast<std::size_t>(rank.threads) > rank.cpus.size() &&
        warned.insert(rank.host).second) {
      warnings.push_back(fmt::format(
          "rank {} on {} runs {} on {}: give it CPUs (srun --cpus-per-task={} "
          "--cpu-bind=cores, or mpirun --map-by ppr:RANKS:node:PE={}) or use --threads "
          "{}",
          r,
          rank.host,
          count_of(static_cast<std::size_t>(rank.threads), "thread"),
          count_of(rank.cpus.size(), "CPU"),
          rank.threads,
          rank.threads,
          rank.cpus.size()));
    }
  }
  for (const auto& [host, node] : nodes) {
    if (static_cast<std::size_t>(node.num_threads) <= node.cpus.size()) continue;
    if (node.num_ranks == 1 || !warned.insert(host).second) continue;
    warnings.push_back(fmt::format(
        "{} ranks with {} threads in all share {} on {}: start fewer ranks, or let "
        "the launcher give each its own cores (srun --cpu-bind=cores, mpirun --bind-to "
        "core)",
        node.num_ranks,
        node.num_threads,
        count_of(node.cpus.size(), "CPU"),
        host));
  }
  return warnings;
}

}  // namespace merit
