// SPDX-License-Identifier: MIT
#include "engine/cli/draw_run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <span>
#include <utility>

#include "engine/cli/stored_job.hpp"
#include "engine/run/agree.hpp"

namespace merit {
namespace {

const std::string kWhat = "draws";

/// Brings what workers make into the file, on rank 0: exact draws as they come, proposals
/// of chains in the order of their rows (those that come early wait).
class DrawSink {
 public:
  DrawSink(const Posterior& posterior,
           const ReplicatePlan& plan,
           ResultWriter& writer,
           std::vector<std::int8_t> stored_status)
      : plan_(plan), writer_(writer) {
    if (posterior.proposals != nullptr)
      scan_.emplace(*posterior.proposals, std::move(stored_status));
  }

  void take(std::int64_t first, std::span<const std::byte> bytes) {
    if (!scan_) return writer_.write_block(first, unpack_replicates(bytes));
    waiting_.emplace(first / plan_.block_rows, Bytes(bytes.begin(), bytes.end()));
    while (next_ < plan_.num_blocks()) {
      if (const auto found = waiting_.find(next_); found != waiting_.end()) {
        write(next_, found->second);
        waiting_.erase(found);
      } else if (!writer_.has_block(next_)) {
        return;
      }
      ++next_;
    }
  }

 private:
  void write(std::int64_t block, std::span<const std::byte> bytes) {
    const ReplicateBytes packed = unpack_replicates(bytes);
    proposals_.resize(packed.count, packed.num_estimates, 0);
    const std::span<const double> values = estimates_of(packed);
    std::copy(values.begin(), values.end(), proposals_.estimate.begin());
    std::memcpy(proposals_.log_likelihood.data(),
                packed.log_likelihood.data(),
                packed.log_likelihood.size());
    const BlockRange rows = plan_.rows({block, 1});
    scan_->accept(rows.first, rows.count, proposals_, draws_);
    writer_.write_block(rows.first, draws_);
  }

  const ReplicatePlan plan_;
  ResultWriter& writer_;
  std::optional<ChainScan> scan_;
  std::map<std::int64_t, Bytes> waiting_;
  std::int64_t next_ = 0;
  ReplicateRows proposals_, draws_;
};

/// Draws and proposals, which need no order.
RunSummary make_any_order(const Communicator& comm,
                          const RunSettings& run,
                          const Posterior& posterior,
                          const ReplicatePlan& plan,
                          ResultWriter* writer,
                          std::vector<std::int8_t> status) {
  std::optional<DrawSink> draws;
  if (writer != nullptr) draws.emplace(posterior, plan, *writer, std::move(status));
  const Work work = [&](int, std::int64_t first, std::int64_t count) {
    static thread_local ReplicateRows rows;
    make_rows(posterior, first, count, rows);
    Bytes bytes;
    pack_into(rows, bytes);
    return bytes;
  };
  const Sink sink =
      [&](std::int64_t first, std::int64_t, std::span<const std::byte> bytes) {
        draws->take(first, bytes);
        return std::int64_t{0};
      };
  return run_job(comm, plan, run, writer, kWhat, work, sink);
}

/// Chains that go on from what they have left, on rank 0.
class Rounds {
 public:
  /// What a chain does in a round.
  struct Leg {
    std::int64_t first = 0, count = 0;
    std::vector<double> before;  ///< the row before; empty at a chain's begin
  };

  Rounds(const Posterior& posterior,
         const ReplicatePlan& plan,
         ResultWriter& writer,
         std::vector<std::vector<double>> last_row)
      : plan_(plan),
        writer_(writer),
        of_a_chain_(posterior.shape.draws_per_chain / plan.block_rows),
        last_row_(std::move(last_row)) {
    for (std::int64_t chain = 0; chain < plan.num_chains; ++chain) {
      std::int64_t block = 0;
      while (block < of_a_chain_ && writer.has_block(chain * of_a_chain_ + block))
        ++block;
      next_block_.push_back(block);
      rows_done_ += block * plan.block_rows;
    }
    rows_before_ = rows_done_;
  }

  std::vector<Leg> next() const {
    std::vector<Leg> legs;
    for (std::size_t c = 0; c < next_block_.size(); ++c) {
      const std::int64_t left = of_a_chain_ - next_block_[c];
      if (left == 0) continue;
      const auto chain = static_cast<std::int64_t>(c);
      legs.push_back({(chain * of_a_chain_ + next_block_[c]) * plan_.block_rows,
                      std::min(left, blocks_) * plan_.block_rows,
                      last_row_[c]});
    }
    return legs;
  }

  void take(std::int64_t first, std::span<const std::byte> bytes) {
    const ReplicateBytes packed = unpack_replicates(bytes);
    const std::span<const double> values = estimates_of(packed);
    const std::size_t row =
        packed.estimate.size() / static_cast<std::size_t>(packed.count);
    const auto part = [&](std::span<const std::byte> all, std::size_t bytes_of_a_row) {
      return [=](std::int64_t at, std::int64_t count) {
        return all.subspan(static_cast<std::size_t>(at) * bytes_of_a_row,
                           static_cast<std::size_t>(count) * bytes_of_a_row);
      };
    };
    const auto estimate = part(packed.estimate, row);
    const auto level = part(packed.log_likelihood, sizeof(double));
    const auto status = part(packed.status, 1);
    for (std::int64_t at = 0; at < packed.count; at += plan_.block_rows) {
      if (writer_.has_block((first + at) / plan_.block_rows)) continue;
      writer_.write_block(first + at,
                          ReplicateBytes{.count = plan_.block_rows,
                                         .num_estimates = packed.num_estimates,
                                         .estimate = estimate(at, plan_.block_rows),
                                         .log_likelihood = level(at, plan_.block_rows),
                                         .status = status(at, plan_.block_rows)});
    }
    const std::int64_t block = first / plan_.block_rows;
    const auto chain = static_cast<std::size_t>(block / of_a_chain_);
    next_block_[chain] = block % of_a_chain_ + packed.count / plan_.block_rows;
    last_row_[chain].assign(values.end() - packed.num_estimates, values.end());
    rows_done_ += packed.count;
  }

  /// Rounds shall take about a second.
  void took(double seconds) {
    if (seconds < 0.5) blocks_ = std::min(2 * blocks_, of_a_chain_);
    if (seconds > 2.0) blocks_ = std::max<std::int64_t>(blocks_ / 2, 1);
  }

  std::int64_t rows_done() const { return rows_done_; }
  std::int64_t rows_before() const { return rows_before_; }

 private:
  const ReplicatePlan plan_;
  ResultWriter& writer_;
  std::int64_t of_a_chain_;  ///< blocks
  std::int64_t blocks_ = 1;  ///< of a chain in a round
  std::vector<std::int64_t> next_block_;
  std::vector<std::vector<double>> last_row_;
  std::atomic<std::int64_t> rows_done_ = 0;
  std::int64_t rows_before_ = 0;
};

Bytes pack_legs(const std::vector<Rounds::Leg>& legs) {
  ByteWriter bytes;
  bytes.put(static_cast<std::int64_t>(legs.size()));
  for (const Rounds::Leg& leg : legs) {
    bytes.put(leg.first);
    bytes.put(leg.count);
    bytes.put_all(std::span<const double>(leg.before));
  }
  return bytes.take();
}

std::vector<Rounds::Leg> unpack_legs(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  std::vector<Rounds::Leg> legs(static_cast<std::size_t>(reader.take<std::int64_t>()));
  for (Rounds::Leg& leg : legs) {
    leg.first = reader.take<std::int64_t>();
    leg.count = reader.take<std::int64_t>();
    leg.before = reader.take_vector<double>();
  }
  return legs;
}

RunSummary make_in_rounds(const Communicator& comm,
                          const RunSettings& run,
                          const Posterior& posterior,
                          const ReplicatePlan& plan,
                          ResultWriter* writer,
                          std::vector<std::vector<double>> last_row) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  std::optional<Rounds> rounds;
  if (writer != nullptr) rounds.emplace(posterior, plan, *writer, std::move(last_row));
  ProgressDisplay display(comm.is_root() ? run.progress : ProgressMode::none, kWhat);
  RunOptions options = job_options(comm, plan, run, writer, kWhat, display);
  options.progress = [&, show = options.progress](Progress) {
    const std::chrono::duration<double> spent = Clock::now() - start;
    show({.done = rounds->rows_done(),
          .total = plan.num_rows(),
          .skipped = rounds->rows_before(),
          .seconds = spent.count()});
  };
  std::vector<Rounds::Leg> legs;
  const Work work = [&](int, std::int64_t task, std::int64_t) {
    static thread_local ReplicateRows rows;
    const Rounds::Leg& leg = legs[static_cast<std::size_t>(task)];
    posterior.slices->advance(leg.first, leg.count, leg.before.data(), rows);
    return pack(rows);
  };
  const Sink sink =
      [&](std::int64_t task, std::int64_t, std::span<const std::byte> bytes) {
        rounds->take(legs[static_cast<std::size_t>(task)].first, bytes);
        return std::int64_t{0};
      };
  RunSummary summary;
  while (true) {
    Bytes bytes;
    root_or_none(comm, [&] { bytes = pack_legs(rounds->next()); });
    comm.broadcast(bytes);
    legs = unpack_legs(bytes);
    if (legs.empty()) break;
    summary = run_tasks(comm, {std::ssize(legs), 1}, options, work, sink);
    if (summary.stopped) break;
    if (rounds) rounds->took(summary.seconds);
  }
  display.close();
  return summary;
}

/// Which rows are new draws.
std::vector<std::int8_t> status_of(const ResultFile& stored, const ReplicatePlan& plan) {
  std::vector<std::int8_t> status(static_cast<std::size_t>(plan.num_replicates), -1);
  const std::vector<std::uint8_t> there = stored.statuses();
  auto from = there.begin();
  for (const BlockRange& blocks : stored.committed_blocks()) {
    const BlockRange rows = plan.rows(blocks);
    std::copy_n(from, rows.count, status.begin() + rows.first);
    from += rows.count;
  }
  return status;
}

/// The rows that chains go on from.
std::vector<std::vector<double>> last_rows(const ResultFile& stored,
                                           const ReplicatePlan& plan) {
  const std::int64_t of_a_chain = plan.num_blocks() / plan.num_chains;
  std::vector<std::vector<double>> out(static_cast<std::size_t>(plan.num_chains));
  for (const BlockRange& blocks : stored.committed_blocks()) {
    for (std::int64_t block = blocks.first; block < blocks.end(); ++block) {
      // Blocks of a chain that have all before them.
      const std::int64_t chain = block / of_a_chain;
      const std::int64_t begin = std::max(blocks.first, chain * of_a_chain);
      if (begin != chain * of_a_chain) continue;
      const bool last = block + 1 == blocks.end() || (block + 1) % of_a_chain == 0;
      if (!last) continue;
      const ReplicateRows rows = stored.read_block(block);
      out[static_cast<std::size_t>(chain)].assign(
          rows.estimate.end() - rows.num_estimates, rows.estimate.end());
    }
  }
  return out;
}

}  // namespace

void make_rows(const Posterior& posterior,
               std::int64_t first,
               std::int64_t count,
               ReplicateRows& rows) {
  if (posterior.exact != nullptr) return posterior.exact->make(first, count, rows);
  posterior.proposals->propose(first, count, rows);
}

StoredDraws stored_draws(const std::string& output,
                         const ReplicatePlan& plan,
                         const Posterior& posterior) {
  StoredDraws out;
  out.status.assign(static_cast<std::size_t>(plan.num_replicates), -1);
  out.last_row.resize(static_cast<std::size_t>(plan.num_chains));
  if (output.empty()) return out;
  const std::optional<ResultFile> stored = find_stored(output);
  if (!stored) return out;
  if (posterior.proposals != nullptr) out.status = status_of(*stored, plan);
  if (posterior.slices != nullptr) out.last_row = last_rows(*stored, plan);
  return out;
}

RunSummary make_draws(const Communicator& comm,
                      const RunSettings& run,
                      const Posterior& posterior,
                      const ReplicatePlan& plan,
                      ResultWriter* writer,
                      StoredDraws stored) {
  if (posterior.slices != nullptr) {
    return make_in_rounds(comm, run, posterior, plan, writer, std::move(stored.last_row));
  }
  return make_any_order(comm, run, posterior, plan, writer, std::move(stored.status));
}

}  // namespace merit
