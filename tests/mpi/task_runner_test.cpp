// SPDX-License-Identifier: MIT
#include "engine/run/task_runner.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "tests/mpi/world.hpp"

namespace merit {

using test::world;

namespace {

constexpr std::int64_t kValuesPerTask = 5;

/// The rows of a task are a hash of its number: splitmix64 (Steele, Lea & Flood 2014).
std::uint64_t value_of(std::int64_t task, std::int64_t column) {
  auto z = static_cast<std::uint64_t>(task * kValuesPerTask + column + 1) *
           0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Bytes rows_of(std::int64_t first, std::int64_t count) {
  std::vector<std::uint64_t> values;
  for (std::int64_t task = first; task < first + count; ++task) {
    for (std::int64_t column = 0; column < kValuesPerTask; ++column) {
      values.push_back(value_of(task, column));
    }
  }
  Bytes bytes(values.size() * sizeof(std::uint64_t));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// What the sink has seen: rows by first task. Filled on rank 0 only.
struct Store {
  std::map<std::int64_t, Bytes> blocks;
  std::int64_t calls = 0;
  std::atomic<int> inside{0};

  Sink sink() {
    return [this](std::int64_t first,
                  std::int64_t count,
                  std::span<const std::byte> rows) -> std::int64_t {
      if (inside++ != 0) throw Error(ExitCode::internal, "two threads in the sink");
      ++calls;
      blocks[first].assign(rows.begin(), rows.end());
      --inside;
      return count == 0 ? 0 : (first % 2);
    };
  }
  Bytes all() const {
    Bytes joined;
    for (const auto& [first, rows] : blocks) {
      joined.insert(joined.end(), rows.begin(), rows.end());
    }
    return joined;
  }
};

const Work kQuick = [](int, std::int64_t first, std::int64_t count) {
  return rows_of(first, count);
};

void sleep_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

std::int64_t sum(const std::vector<std::int64_t>& values) {
  std::int64_t total = 0;
  for (const std::int64_t value : values)
    total += value;
  return total;
}

/// The text of the Error that run_tasks throws on this rank.
template <class E>
std::string error_of(const TaskPlan& plan,
                     const RunOptions& options,
                     const Work& work,
                     const Sink& sink) {
  try {
    run_tasks(world(), plan, options, work, sink);
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// Whether all ranks have the same text.
bool same_everywhere(const std::string& text) {
  return world().all_sum(world().broadcast_text(text) == text ? 1 : 0) == world().size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_runner)

BOOST_AUTO_TEST_CASE(rows_are_the_same_bytes_for_any_ranks_and_threads) {
  // One task, fewer tasks than ranks, blocks that do not divide the tasks, one big block.
  const std::vector<TaskPlan> plans = {
      {1, 1}, {2, 1}, {2, 100}, {7, 3}, {1000, 7}, {1000, 1}, {5000, 64}};
  for (const TaskPlan& plan : plans) {
    for (const int threads : {1, 2, 5}) {
      Store store;
      const RunSummary summary =
          run_tasks(world(), plan, {.threads = threads}, kQuick, store.sink());
      BOOST_TEST_CONTEXT(plan.num_tasks << " tasks by " << plan.block_tasks << ", "
                                        << threads << " threads") {
        BOOST_TEST(summary.computed == plan.num_tasks);
        BOOST_TEST(!summary.stopped);
        BOOST_TEST(summary.num_workers == threads * world().size());
        BOOST_TEST(summary.rank_blocks.size() ==
                   static_cast<std::size_t>(world().size()));
        BOOST_TEST(sum(summary.rank_blocks) == plan.num_blocks());
        if (world().is_root()) {
          BOOST_TEST(store.calls == plan.num_blocks());  // each block exactly once
          BOOST_TEST((store.all() == rows_of(0, plan.num_tasks)));
        } else {
          BOOST_TEST(store.calls == 0);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(zero_tasks) {
  Store store;
  const RunSummary summary = run_tasks(world(), {0, 10}, {}, kQuick, store.sink());
  BOOST_TEST(summary.computed == 0);
  BOOST_TEST(!summary.stopped);
  BOOST_TEST(store.calls == 0);
}

BOOST_AUTO_TEST_CASE(workers_have_their_own_numbers) {
  std::vector<std::atomic<int>> inside(3);
  std::atomic<bool> shared = false;
  const Work work = [&](int worker, std::int64_t first, std::int64_t count) {
    auto& mine = inside.at(static_cast<std::size_t>(worker));
    if (mine++ != 0) shared = true;
    sleep_ms(1);
    --mine;
    return rows_of(first, count);
  };
  Store store;
  run_tasks(world(), {60, 1}, {.threads = 3}, work, store.sink());
  BOOST_TEST(!shared);
}

BOOST_AUTO_TEST_CASE(large_blocks_and_small_buffers) {
  // 3 MB per block through queues of 1 MB: every push waits, none is lost.
  const Work work = [](int, std::int64_t first, std::int64_t) {
    return Bytes(3'000'000, static_cast<std::byte>(first));
  };
  std::map<std::int64_t, bool> right;
  const Sink sink =
      [&](std::int64_t first, std::int64_t, std::span<const std::byte> rows) {
        sleep_ms(1);
        right[first] = rows.size() == 3'000'000 && rows.front() == std::byte(first) &&
                       rows.back() == std::byte(first);
        return 0;
      };
  run_tasks(world(), {60, 1}, {.threads = 2, .buffer_bytes = 1'000'000}, work, sink);
  if (!world().is_root()) return;
  BOOST_TEST(right.size() == 60u);
  for (const auto& [first, ok] : right)
    BOOST_TEST(ok, "block " << first);
}

BOOST_AUTO_TEST_CASE(blocks_done_before_are_skipped) {
  const TaskPlan plan{103, 10};
  const auto is_done = [](std::int64_t block) { return block % 3 == 1 || block == 10; };
  Store store;
  const RunSummary summary =
      run_tasks(world(), plan, {.threads = 2, .is_done = is_done}, kQuick, store.sink());
  BOOST_TEST(summary.skipped == 33);  // blocks 1, 4, 7 and the short one
  BOOST_TEST(summary.computed == 70);
  BOOST_TEST(!summary.stopped);
  if (!world().is_root()) return;
  BOOST_TEST(store.calls == 7);
  for (const auto& [first, rows] : store.blocks) {
    BOOST_TEST(!is_done(first / 10));
    BOOST_TEST((rows == rows_of(first, 10)));
  }
}

BOOST_AUTO_TEST_CASE(failed_tasks_are_counted) {
  Store store;  // its sink calls a block failed once if its first task is odd
  const RunSummary summary = run_tasks(world(), {30, 3}, {}, kQuick, store.sink());
  BOOST_TEST(summary.failed == 5);
}

// A rank in a long computation never enters MPI; the others must not notice. Rank `slow`
// needs 1 s per block, the others 10 ms: while it computes two blocks the others compute
// dozens, and it is never given many.
BOOST_AUTO_TEST_CASE(slow_rank_delays_nobody) {
  if (world().size() == 1) return;
  for (const int slow : {0, 1}) {
    const Work work = [slow](int, std::int64_t first, std::int64_t count) {
      sleep_ms(world().rank() == slow ? 1000 : 10);
      return rows_of(first, count);
    };
    Store store;
    const RunSummary summary =
        run_tasks(world(), {100, 1}, {.threads = 1}, work, store.sink());
    BOOST_TEST(summary.computed == 100);
    BOOST_TEST(summary.rank_blocks[static_cast<std::size_t>(slow)] <= 4);
    BOOST_TEST(summary.rank_blocks[static_cast<std::size_t>(slow)] >= 1);
    if (world().is_root()) BOOST_TEST((store.all() == rows_of(0, 100)));
  }
}

BOOST_AUTO_TEST_CASE(error_in_work_reaches_all_ranks_and_names_the_tasks) {
  const Work work = [](int, std::int64_t first, std::int64_t count) {
    if (first == 40) throw DataError("the design has lost a column");
    sleep_ms(1);
    return rows_of(first, count);
  };
  for (const int threads : {1, 2}) {
    Store store;
    const std::string text =
        error_of<DataError>({1000, 20}, {.threads = threads}, work, store.sink());
    BOOST_TEST(text.starts_with("the design has lost a column (tasks 40 to 59"), text);
    BOOST_TEST(same_everywhere(text));
  }
}

BOOST_AUTO_TEST_CASE(error_on_one_rank_reaches_all_and_names_it) {
  if (world().size() == 1) return;
  const Work work = [](int, std::int64_t first, std::int64_t count) {
    if (world().rank() == 1) throw IoError("no room in /tmp");
    sleep_ms(5);
    return rows_of(first, count);
  };
  Store store;
  const std::string text =
      error_of<IoError>({100'000, 1}, {.threads = 2}, work, store.sink());
  BOOST_TEST(text.starts_with("no room in /tmp (task "), text);
  BOOST_TEST(text.ends_with(", rank 1)"), text);
  BOOST_TEST(same_everywhere(text));
  BOOST_TEST(store.calls < 10'000);  // stopped soon
}

BOOST_AUTO_TEST_CASE(error_in_the_sink_reaches_all_ranks) {
  const Work work = [](int, std::int64_t first, std::int64_t count) {
    sleep_ms(1);
    return rows_of(first, count);
  };
  for (const int threads : {1, 2}) {
    int calls = 0;
    const Sink sink = [&](std::int64_t, std::int64_t, std::span<const std::byte>) {
      if (++calls == 5) throw IoError("out.h5: no space left on device");
      return 0;
    };
    // Small buffers: workers are waiting to push when the sink fails.
    const std::string text = error_of<IoError>(
        {10'000, 1}, {.threads = threads, .buffer_bytes = 300}, work, sink);
    BOOST_TEST(text == "out.h5: no space left on device");
    BOOST_TEST(same_everywhere(text));
    if (world().is_root()) BOOST_TEST(calls == 5);
  }
}

BOOST_AUTO_TEST_CASE(error_in_the_last_rows_is_not_lost) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    Store store;
    const Work work = [](int, std::int64_t first, std::int64_t count) {
      if (first == 3) throw DataError("last");
      return rows_of(first, count);
    };
    BOOST_TEST(error_of<DataError>({4, 1}, {.threads = 2}, work, store.sink())
                   .starts_with("last (task 3"));
    const Sink sink = [](std::int64_t first, std::int64_t, std::span<const std::byte>) {
      if (first == 3) throw IoError("full");
      return 0;
    };
    BOOST_TEST(error_of<IoError>({4, 1}, {.threads = 2}, kQuick, sink) == "full");
  }
}

BOOST_AUTO_TEST_CASE(bad_plans_are_refused_on_all_ranks) {
  Store store;
  BOOST_CHECK_THROW(run_tasks(world(), {10, 0}, {}, kQuick, store.sink()), UsageError);
  BOOST_CHECK_THROW(run_tasks(world(), {-1, 1}, {}, kQuick, store.sink()), UsageError);
  const int threads = world().rank() == world().size() - 1 ? 0 : 1;
  BOOST_CHECK_THROW(
      run_tasks(world(), {10, 1}, {.threads = threads}, kQuick, store.sink()),
      UsageError);
}

BOOST_AUTO_TEST_CASE(stop_request_keeps_what_is_finished) {
  const TaskPlan plan{100'000, 2};
  const auto start = std::chrono::steady_clock::now();
  const auto stop = [&] {
    return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(300);
  };
  const Work work = [](int, std::int64_t first, std::int64_t count) {
    sleep_ms(2);
    return rows_of(first, count);
  };
  Store store;
  const RunSummary first = run_tasks(
      world(), plan, {.threads = 2, .stop_requested = stop}, work, store.sink());
  BOOST_TEST(first.stopped);
  BOOST_TEST(first.computed > 0);
  BOOST_TEST(first.computed < plan.num_tasks);
  if (world().is_root()) {
    BOOST_TEST(first.computed == 2 * store.calls);
    BOOST_TEST(store.calls == static_cast<std::int64_t>(store.blocks.size()));
  }

  // Going on gives what one run would have given, with each block computed once.
  const auto is_done = [&](std::int64_t block) {
    return store.blocks.contains(2 * block);
  };
  const RunSummary second =
      run_tasks(world(), plan, {.threads = 2, .is_done = is_done}, kQuick, store.sink());
  BOOST_TEST(second.skipped == first.computed);
  BOOST_TEST(second.skipped + second.computed == plan.num_tasks);
  if (!world().is_root()) return;
  BOOST_TEST(store.calls == plan.num_blocks());
  BOOST_TEST((store.all() == rows_of(0, plan.num_tasks)));
}

BOOST_AUTO_TEST_CASE(played_workers_do_what_threads_do) {
  RunOptions played{.threads = 2, .buffer_bytes = 1000};
  played.simulated_seconds = [](BlockRange tasks) { return 1e-4 * double(tasks.count); };
  Store store;
  const RunSummary summary = run_tasks(world(), {1003, 10}, played, kQuick, store.sink());
  BOOST_TEST(summary.computed == 1003);
  BOOST_TEST(summary.num_workers == 2 * world().size());
  BOOST_TEST(summary.busy_seconds >= 0.1);  // 1003 tasks, by the clock that is played
  if (world().is_root()) BOOST_TEST((store.all() == rows_of(0, 1003)));

  const auto fails = [](int, std::int64_t first, std::int64_t count) -> Bytes {
    if (first == 500) throw IoError("no more");
    return rows_of(first, count);
  };
  const std::string text = error_of<IoError>({1003, 10}, played, fails, Store().sink());
  BOOST_TEST(text.starts_with("no more (tasks 500 to 509"));

  int begun = 0;
  const auto counted = [&](int, std::int64_t first, std::int64_t count) {
    ++begun;
    return rows_of(first, count);
  };
  played.stop_requested = [&] { return begun > 2; };
  Store stopped;
  BOOST_TEST(
      run_tasks(world(), {100'000'000, 10}, played, counted, stopped.sink()).stopped);
}

BOOST_AUTO_TEST_CASE(any_rank_may_be_asked_to_stop) {
  for (int asked = 0; asked < world().size(); ++asked) {
    const Work slow = [](int, std::int64_t first, std::int64_t count) {
      sleep_ms(5);
      return rows_of(first, count);
    };
    Store store;
    const RunSummary summary =
        run_tasks(world(),
                  {100'000, 1},
                  {.stop_requested = [&] { return world().rank() == asked; }},
                  slow,
                  store.sink());
    BOOST_TEST(summary.stopped);
    BOOST_TEST(summary.computed < 100'000);
    if (world().is_root()) BOOST_TEST(summary.computed == store.calls);
  }
}

BOOST_AUTO_TEST_CASE(blocks_that_do_not_end_are_abandoned) {
  // The root's first block asks for the stop and does not end before it is abandoned, so
  // that no delay of this machine can turn the outcome.
  std::atomic<bool> started{false};
  std::atomic<int> calls{0};
  const Work slow = [&](int, std::int64_t first, std::int64_t count) {
    started = true;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (world().is_root() && calls == 0 && std::chrono::steady_clock::now() < patience)
      sleep_ms(1);
    return rows_of(first, count);
  };
  Store store;
  RunOptions options{.stop_requested = [&] { return world().is_root() && started; }};
  options.stop_grace = std::chrono::milliseconds(50);
  options.abandon = [&] { ++calls; };  // where a program would end itself
  const RunSummary summary =
      run_tasks(world(), {1'000'000, 1}, options, slow, store.sink());
  BOOST_TEST(summary.stopped);
  BOOST_TEST((calls > 0) == world().is_root());
}

BOOST_AUTO_TEST_CASE(progress_grows_and_ends_at_the_total) {
  std::vector<Progress> seen;
  const auto note = [&](const Progress& progress) { seen.push_back(progress); };
  const Work work = [](int, std::int64_t first, std::int64_t count) {
    sleep_ms(30);
    return rows_of(first, count);
  };
  Store store;
  run_tasks(world(), {90, 1}, {.threads = 1, .progress = note}, work, store.sink());
  if (!world().is_root()) {
    BOOST_TEST(seen.empty());
    return;
  }
  BOOST_TEST(seen.size() >= 3u);
  for (std::size_t i = 1; i < seen.size(); ++i)
    BOOST_TEST(seen[i].done >= seen[i - 1].done);
  BOOST_TEST(seen.back().done == 90);
  BOOST_TEST(seen.back().failed == 45);
}

BOOST_AUTO_TEST_CASE(error_in_progress_reaches_all_ranks) {
  const auto broken = [](const Progress&) { throw IoError("stderr is closed"); };
  Store store;
  const std::string text =
      error_of<IoError>({50, 1}, {.progress = broken}, kQuick, store.sink());
  BOOST_TEST(text == "stderr is closed");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
