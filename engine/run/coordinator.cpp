// SPDX-License-Identifier: MIT
#include "engine/run/coordinator.hpp"

#include <algorithm>
#include <utility>

namespace merit {

namespace {

constexpr std::chrono::milliseconds kAskEvery{50};        // stop_requested
constexpr std::chrono::milliseconds kProgressEvery{200};  // progress

double in_seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

Coordinator::Coordinator(const Communicator& comm,
                         LocalWork& local,
                         RowWriter& writer,
                         Job job,
                         int workers,
                         SpareTime& spare)
    : comm_(comm),
      local_(local),
      writer_(writer),
      job_(job),
      workers_(workers),
      spare_(spare),
      control_in_(comm, kControlTag),
      rows_in_(comm, kRowsTag),
      control_out_(comm, kControlTag),
      members_(static_cast<std::size_t>(comm.size())),
      start_(comm.seconds()),
      last_asked_(start_),
      last_progress_(start_) {
  members_[0].finished = true;
}

void Coordinator::run() {
  Pause pause;
  while (true) {
    serve();
    if (is_over()) break;
    const bool idle = finish_ != Finish::not_yet && all_computed(local_, workers_);
    const bool eager = idle || control_in_.receiving() || rows_in_.receiving();
    spare_.spend(pause.next(eager, comm_.size() == 1 ? kAskEvery : Pause::kUsual));
    if (local_.simulated) writer_.write_waiting();
  }
  for (int member = 1; member < comm_.size(); ++member) {
    control_out_.send(member, control_message(MessageKind::end, std::uint8_t{0}));
  }
  control_out_.wait();
  members_[0].report.num_blocks = local_.timer.num_blocks();
  members_[0].report.busy_seconds = local_.timer.total();
  try {
    if (job_.options.progress) job_.options.progress(progress());
  } catch (...) {
    failure_.note(kNoBlock, current_failure());
  }
}

void Coordinator::serve() {
  read_control();
  read_rows();
  if (const std::optional<Failure> failure = local_.failure.get()) {
    failure_.note(local_.failure.block(), *failure);
  }
  if (const std::optional<Failure> failure = writer_.status().failure) {
    failure_.note(kNoBlock, *failure);
  }
  ask_options();
  if (failure_.get()) finish(Finish::after_failure);
  if (local_.blocks.status().blocks_left == 0) finish(Finish::normally);
}

void Coordinator::read_control() {
  while (const std::optional<Message> message = control_in_.next()) {
    ByteReader reader(message->bytes);
    MemberState& member = members_[static_cast<std::size_t>(message->from)];
    switch (reader.take<MessageKind>()) {
      case MessageKind::request:
        lease_to(message->from, reader.take<LeaseRequest>());
        break;
      case MessageKind::failed: {
        const auto block = reader.take<std::int64_t>();
        failure_.note(block, take_failure(reader));
        break;
      }
      case MessageKind::stop:
        finish(Finish::stopped);
        break;
      case MessageKind::finished:
        member.finished = true;
        member.report = reader.take<MemberReport>();
        break;
      default:
        throw Error(ExitCode::internal, "a rank sent an unknown message");
    }
  }
}

void Coordinator::read_rows() {
  while (std::optional<Message> message = rows_in_.next(local_.rows.has_room())) {
    ++members_[static_cast<std::size_t>(message->from)].row_messages;
    for (BlockRows& block : unpack_rows(std::move(message->bytes))) {
      local_.rows.push_at_once(std::move(block));
      ++blocks_received_;
    }
  }
}

void Coordinator::lease_to(int member, const LeaseRequest& request) {
  if (finish_ != Finish::not_yet) return;  // "finish" is on its way
  const std::int64_t blocks =
      lease_blocks(request,
                   local_.blocks.status().blocks_left,
                   job_.total_threads,
                   std::max(job_.options.lease_seconds, message_seconds(comm_.size())));
  const BlockRange lease = local_.blocks.cut(blocks);
  if (lease.count == 0) return;  // and here it soon will be
  control_out_.send(member, control_message(MessageKind::lease, lease));
}

void Coordinator::ask_options() {
  const double now = comm_.seconds();
  try {
    if (job_.options.stop_requested && now - last_asked_ >= in_seconds(kAskEvery)) {
      last_asked_ = now;
      if (job_.options.stop_requested()) finish(Finish::stopped);
    }
    if (finish_ == Finish::stopped && job_.options.abandon &&
        now - stopped_ >= in_seconds(job_.options.stop_grace)) {
      job_.options.abandon();
    }
    if (job_.options.progress && now - last_progress_ >= in_seconds(kProgressEvery)) {
      last_progress_ = now;
      job_.options.progress(progress());
    }
  } catch (...) {
    failure_.note(kNoBlock, current_failure());
  }
}

void Coordinator::finish(Finish how) {
  if (how <= finish_) return;
  finish_ = how;
  stopped_ = comm_.seconds();
  local_.blocks.clear();
  if (how == Finish::after_failure) local_.rows.discard();
  for (int member = 1; member < comm_.size(); ++member) {
    control_out_.send(member, control_message(MessageKind::finish, how));
  }
}

bool Coordinator::is_over() const {
  if (finish_ == Finish::not_yet || !all_computed(local_, workers_)) return false;
  // A worker may have failed after serve() looked.
  if (local_.failure.get() && finish_ != Finish::after_failure) return false;
  for (const MemberState& member : members_) {
    if (!member.finished || member.row_messages < member.report.row_messages)
      return false;
  }
  if (finish_ == Finish::after_failure) return true;
  const std::int64_t blocks = local_.timer.num_blocks() + blocks_received_;
  return writer_.status().num_blocks == blocks;
}

Progress Coordinator::progress() const {
  const RowWriter::Status written = writer_.status();
  return {.done = job_.skipped + written.num_tasks,
          .total = local_.plan.num_tasks,
          .skipped = job_.skipped,
          .failed = written.failed,
          .seconds = comm_.seconds() - start_};
}

RunSummary Coordinator::summary() const {
  const RowWriter::Status written = writer_.status();
  RunSummary summary;
  summary.num_tasks = local_.plan.num_tasks;
  summary.skipped = job_.skipped;
  summary.computed = written.num_tasks;
  summary.failed = written.failed;
  summary.stopped = summary.skipped + summary.computed < summary.num_tasks;
  summary.seconds = comm_.seconds() - start_;
  summary.num_workers = static_cast<int>(job_.total_threads);
  for (const MemberState& member : members_) {
    summary.busy_seconds += member.report.busy_seconds;
    summary.rank_blocks.push_back(member.report.num_blocks);
  }
  return summary;
}

}  // namespace merit
