// SPDX-License-Identifier: MIT
#include "engine/cli/replicate_run.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "engine/cli/stored_job.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/block_loop.hpp"

namespace merit {
namespace {

/// Replicates that lay the tallies' bins; they are not counted, and change the speed alone.
constexpr std::int64_t kPilotRows = 256;

/// What is sent in place of rows that are in the file already. Shorter than any rows.
struct WrittenNotice {
  std::int64_t num_failed = 0;
};

Bytes notice_of(const ReplicateBytes& rows) {
  ByteWriter writer;
  writer.put(WrittenNotice{rows.num_failed()});
  return writer.take();
}

std::optional<WrittenNotice> as_notice(std::span<const std::byte> bytes) {
  if (bytes.size() != sizeof(WrittenNotice)) return std::nullopt;
  return ByteReader(bytes).take<WrittenNotice>();
}

bool rows_go_by_message() {
  const char* way = std::getenv("MERIT_ROWS");
  return way != nullptr && std::string_view(way) == "message";
}

}  // namespace

ReplicateRun::ReplicateRun(const Communicator& comm,
                           const Scheme& scheme,
                           const ReplicatePlan& plan,
                           const RunSettings& settings,
                           const SummaryRequest* summary,
                           ResultWriter* writer,
                           std::string what)
    : comm_(comm),
      scheme_(scheme),
      plan_(plan),
      settings_(settings),
      summary_(summary),
      writer_(writer),
      what_(std::move(what)),
      shift_(plan.blocks().first * plan.block_rows) {
  Bytes access;
  root_or_none(comm, [&] { access = writer_->access(); });
  comm.broadcast(access);
  if (comm.on_root_node() && !rows_go_by_message()) part_ = SharedPart::open(access);

  if (summary == nullptr) return;
  ReplicateRows pilot;
  scheme.make(shift_, std::min({kPilotRows, plan.block_rows, plan.num_rows()}), pilot);
  ReplicateTally tally = empty_tally(*summary);
  std::vector<double> memory;
  tally.lay_bins(
      summary->columns.values(pilot.estimate, pilot.std_error, pilot.status, memory),
      pilot.status);
  tallies_.assign(static_cast<std::size_t>(settings.num_threads()), tally);
}

Bytes ReplicateRun::make(int worker, std::int64_t first, std::int64_t count) {
  static thread_local ReplicateRows rows;
  scheme_.make(shift_ + first, count, rows);
  if (!tallies_.empty()) {
    static thread_local std::vector<double> memory;
    tallies_[static_cast<std::size_t>(worker)].add(
        first,
        summary_->columns.values(rows.estimate, rows.std_error, rows.status, memory),
        rows.status);
  }
  if (part_) {
    part_->write_block(shift_ + first, bytes_of(rows));
    return notice_of(bytes_of(rows));
  }
  return pack(rows);
}

std::int64_t ReplicateRun::store(std::int64_t first, std::span<const std::byte> bytes) {
  if (const std::optional<WrittenNotice> notice = as_notice(bytes)) {
    writer_->note_block(shift_ + first);
    return notice->num_failed;
  }
  const ReplicateBytes rows = unpack_replicates(bytes);
  writer_->write_block(shift_ + first, rows);
  return rows.num_failed();
}

RunSummary ReplicateRun::run() {
  const Work work = [this](int worker, std::int64_t first, std::int64_t count) {
    return make(worker, first, count);
  };
  const Sink sink =
      [this](std::int64_t first, std::int64_t, std::span<const std::byte> bytes) {
        return store(first, bytes);
      };
  const RunSummary summary = run_job(comm_, plan_, settings_, writer_, what_, work, sink);
  made_all_ = summary.computed == summary.num_tasks;
  return summary;
}

/// This rank's blocks of the second pass, which the ranks that see the file share.
BlockRange ReplicateRun::share_of_second_pass() const {
  const std::byte mine{part_ ? std::uint8_t{1} : std::uint8_t{0}};
  const std::vector<Bytes> seen = comm_.all_gather(std::span(&mine, std::size_t{1}));
  int before = 0;
  int all = 0;
  for (int rank = 0; rank < comm_.size(); ++rank) {
    const bool sees = seen[static_cast<std::size_t>(rank)].front() != std::byte{0};
    all += sees;
    if (rank < comm_.rank()) before += sees;
  }
  return part_ ? local_range(plan_.blocks().count, before, all) : BlockRange{};
}

std::optional<ReplicateSummaries> ReplicateRun::summarize() {
  if (!made_all_ || tallies_.empty()) return std::nullopt;
  for (std::size_t worker = 1; worker < tallies_.size(); ++worker)
    tallies_.front().merge(tallies_[worker]);
  const std::vector<Bytes> counted = comm_.gather(pack(tallies_.front()));
  Bytes whole;
  root_or_none(comm_, [&] {
    for (std::size_t rank = 1; rank < counted.size(); ++rank)
      tallies_.front().merge(unpack_tally(counted[rank]));
    whole = pack(tallies_.front());
  });
  comm_.broadcast(whole);
  const auto tally = std::make_shared<const ReplicateTally>(unpack_tally(whole));

  const BlockRange blocks = share_of_second_pass();
  const bool anybody = comm_.all_sum(blocks.count) > 0;
  if (!anybody) return std::nullopt;  // no rank sees the file: rank 0 reads it by itself
  OrderStatistics ordered(*tally, ranks_needed(*summary_, *tally));
  all_or_none(comm_, [&] {
    if (ordered.empty() || blocks.count == 0) return;
    const BlockLoopOptions loop{.threads = settings_.num_threads()};
    struct Workspace {
      OrderStatistics ordered;
      std::vector<double> estimates, std_errors, memory;
      std::vector<std::uint8_t> status;
    };
    std::vector<Workspace> workspaces(static_cast<std::size_t>(threads_for(blocks, loop)),
                                      {ordered, {}, {}, {}, {}});
    for_each_block(blocks, loop, [&](std::int64_t block, int thread) {
      Workspace& work = workspaces[static_cast<std::size_t>(thread)];
      const SummaryColumns& columns = summary_->columns;
      part_->read_estimates(block, work.estimates, work.status);
      if (columns.need_std_errors()) part_->read_std_errors(block, work.std_errors);
      work.ordered.add(
          columns.values(work.estimates, work.std_errors, work.status, work.memory),
          work.status);
    });
    for (const Workspace& work : workspaces)
      ordered.merge(work.ordered);
  });
  const std::vector<Bytes> found = comm_.gather(ordered.pack_values());
  for (std::size_t rank = 1; rank < found.size(); ++rank)
    ordered.merge_values(found[rank]);
  return ReplicateSummaries{tally, std::move(ordered)};
}

}  // namespace merit
