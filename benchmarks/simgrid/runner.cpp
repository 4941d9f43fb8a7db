// SPDX-License-Identifier: MIT
//
// merit's runner and its result file on a simulated cluster (SimGrid's SMPI).
//
//   smpirun -np 512 -platform cluster.xml … runner TASKS TASK_SECONDS BLOCK_TASKS \
//       ROW_BYTES DISK_BYTES_PER_SECOND SYNC_SECONDS OUT.h5
//
// Real: run_tasks with its leases, messages and queues, ResultWriter with its commit protocol.
// Simulated: time, network, and how long a task, a write and an fsync take. Each rank has one
// worker beside its calling thread, on a core of their own. Rows of all ranks travel to rank 0,
// as if each were on another machine: the worst case.
// Prints one line: ranks, tasks, seconds by the simulated clock from start to closed file,
// seconds of ideal work, what rank 0 spent on storage.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <mpi.h>
#include <unistd.h>

#include "engine/resample/replicate_rows.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/task_runner.hpp"
#include "io/result_store.hpp"

namespace {

using namespace merit;

struct Study {
  std::int64_t tasks, block_tasks;
  double task_seconds;
  std::int64_t coefficients;
  double disk_bytes_per_second, sync_seconds;
  std::string output;
};

void pass(double seconds) {  // of simulated time
  ::usleep(static_cast<useconds_t>(seconds * 1e6));
}

ResultContents contents(const Study& study) {
  ResultContents contents;
  contents.command = "bootstrap";
  contents.job = {{"formula", std::string("simulated")}};
  const auto p = static_cast<Eigen::Index>(study.coefficients);
  for (Eigen::Index k = 0; k < p; ++k)
    contents.fit.terms.push_back("x" + std::to_string(k));
  contents.fit.fit.beta = Eigen::VectorXd::Zero(p);
  contents.fit.fit.vcov = Eigen::MatrixXd::Identity(p, p);
  contents.fit.fit.sigma = contents.fit.fit.tau = 1.0;
  contents.fit.group_level = {"a", "b"};
  contents.fit.group_size = {1, 1};
  contents.fit.modes.mode = contents.fit.modes.sd = Eigen::Vector2d::Zero();
  contents.replicates = {.num_replicates = study.tasks, .block_rows = study.block_tasks};
  return contents;
}

/// The sink of rank 0: writes for real, and lets the simulated disk take its time. As with
/// the program's writer thread, rows wait for the disk in a queue of 64 MB, and whoever brings
/// more waits too.
class Storage {
 public:
  Storage(const Communicator& comm, const Study& study)
      : comm_(comm),
        study_(study),
        writer_(study.output, contents(study), true),
        free_(comm.seconds()),
        synced_(free_) {}

  std::int64_t take(std::int64_t first, std::span<const std::byte> bytes) {
    writer_.write_block(first, unpack_replicates(bytes));
    spend(static_cast<double>(bytes.size()) / study_.disk_bytes_per_second);
    if (comm_.seconds() - synced_ > 5.0) {  // as the checkpoint does
      spend(study_.sync_seconds);
      synced_ = comm_.seconds();
    }
    wait_until(free_ - 64e6 / study_.disk_bytes_per_second);
    return 0;
  }
  void finish() {
    spend(study_.sync_seconds);
    wait_until(free_);
    writer_.finish();
  }
  double seconds() const { return seconds_; }

 private:
  void spend(double seconds) {
    free_ = std::max(free_, comm_.seconds()) + seconds;
    seconds_ += seconds;
  }
  void wait_until(double moment) {
    const double now = comm_.seconds();
    if (moment > now) pass(moment - now);
  }
  const Communicator& comm_;
  const Study& study_;
  ResultWriter writer_;
  double free_;  ///< when the disk will have nothing more to do
  double synced_;
  double seconds_ = 0.0;
};

int run(const Study& study) {
  const Communicator comm = Communicator::world();
  const double start = comm.seconds();
  std::optional<Storage> storage;
  if (comm.is_root()) storage.emplace(comm, study);
  const Work work = [&](int, std::int64_t, std::int64_t count) {
    ReplicateRows rows;
    rows.resize(count, study.coefficients + 2, 0);
    return pack(rows);
  };
  const Sink sink =
      [&](std::int64_t first, std::int64_t, std::span<const std::byte> rows) {
        return storage->take(first, rows);
      };
  RunOptions options{.threads = 1};
  options.simulated_seconds = [&](BlockRange tasks) {
    return static_cast<double>(tasks.count) * study.task_seconds;
  };
  const RunSummary summary =
      run_tasks(comm, {study.tasks, study.block_tasks}, options, work, sink);
  if (comm.is_root()) {
    storage->finish();
    const double ideal =
        static_cast<double>(study.tasks) * study.task_seconds / comm.size();
    std::printf("%d %lld %.4f %.4f %.4f\n",
                comm.size(),
                static_cast<long long>(summary.computed),
                comm.seconds() - start,
                ideal,
                storage->seconds());
  }
  comm.barrier();
  return summary.computed == study.tasks ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return 64;
  const Study study{.tasks = std::atoll(argv[1]),
                    .block_tasks = std::atoll(argv[3]),
                    .task_seconds = std::atof(argv[2]),
                    .coefficients = std::atoll(argv[4]),
                    .disk_bytes_per_second = std::atof(argv[5]),
                    .sync_seconds = std::atof(argv[6]),
                    .output = argv[7]};
  MPI_Init(&argc, &argv);
  const int code = run(study);
  MPI_Finalize();
  return code;
}
