// SPDX-License-Identifier: MIT
#include "engine/run/member.hpp"

#include <utility>

namespace merit {

namespace {

constexpr std::size_t kRowMessages = 4;               // in flight
constexpr std::int64_t kRowMessageBytes = 4ll << 20;  // about

constexpr std::chrono::milliseconds kQuiet{10};

}  // namespace

Member::Member(const Communicator& comm,
               LocalWork& local,
               const RunOptions& options,
               int workers,
               SpareTime& spare)
    : local_(local),
      options_(options),
      workers_(workers),
      spare_(spare),
      orders_(comm, kControlTag),
      control_(comm, kControlTag),
      rows_(comm, kRowsTag),
      last_send_(comm.seconds()) {}

void Member::run() {
  Pause pause;
  while (!ended_) {
    read_messages();
    report_failure();
    report_stop();
    request_blocks();
    send_rows();
    report_end();
    if (ended_) break;
    // Expecting nothing, it only has to hear of the end: the workers ring.
    const bool expecting = waits_for_lease_ || rows_.in_flight() > 0;
    spare_.spend(pause.next(is_eager(), expecting ? Pause::kUsual : kQuiet));
  }
  control_.wait();
  rows_.wait();
}

bool Member::is_eager() const {
  const bool starving = waits_for_lease_ && local_.blocks.status().idle > 0;
  return starving || end_reported_ || orders_.receiving() || !local_.rows.has_room();
}

void Member::read_messages() {
  while (const std::optional<Message> message = orders_.next()) {
    ByteReader reader(message->bytes);
    switch (reader.take<MessageKind>()) {
      case MessageKind::lease:
        waits_for_lease_ = false;
        if (finish_ < Finish::stopped) local_.blocks.add(reader.take<BlockRange>());
        break;
      case MessageKind::finish:
        obey(reader.take<Finish>());
        break;
      case MessageKind::end:
        ended_ = true;
        break;
      default:
        throw Error(ExitCode::internal, "rank 0 sent an unknown message");
    }
  }
}

void Member::obey(Finish finish) {
  if (finish <= finish_) return;
  finish_ = finish;
  waits_for_lease_ = false;
  if (finish >= Finish::stopped) local_.blocks.clear();
  if (finish == Finish::after_failure) local_.rows.discard();
}

void Member::report_failure() {
  if (failure_reported_) return;
  const std::optional<Failure> failure = local_.failure.get();
  if (!failure) return;
  failure_reported_ = true;
  ByteWriter writer;
  writer.put(MessageKind::failed);
  writer.put(local_.failure.block());
  put(writer, *failure);
  control_.send(0, writer.take());
  obey(Finish::after_failure);
}

void Member::report_stop() {
  if (stop_reported_ || finish_ != Finish::not_yet) return;
  if (!options_.stop_requested || !options_.stop_requested()) return;
  stop_reported_ = true;
  control_.send(0, control_message(MessageKind::stop, std::uint8_t{0}));
}

void Member::request_blocks() {
  if (waits_for_lease_ || finish_ != Finish::not_yet) return;
  const double block_seconds = local_.timer.mean();
  const std::int64_t low = low_water(workers_, block_seconds);
  local_.blocks.set_low_water(low);
  const BlockQueue::Status status = local_.blocks.status();
  if (status.blocks_left >= low && !(status.blocks_left == 0 && status.idle > 0)) return;
  const LeaseRequest request{workers_, status.idle, block_seconds};
  control_.send(0, control_message(MessageKind::request, request));
  waits_for_lease_ = true;
}

void Member::send_rows() {
  const double now = local_.comm.seconds();
  const bool due = local_.rows.bytes() >= kRowMessageBytes ||
                   now - last_send_ >= message_seconds(local_.comm.size());
  while ((due || all_computed(local_, workers_)) && rows_.in_flight() < kRowMessages) {
    const std::vector<BlockRows> batch = local_.rows.pop_batch(kRowMessageBytes);
    if (batch.empty()) return;
    rows_.send(0, pack_rows(batch));
    ++report_.row_messages;
    last_send_ = now;
  }
}

void Member::report_end() {
  if (end_reported_ || finish_ == Finish::not_yet) return;
  if (!all_computed(local_, workers_)) return;
  report_failure();
  if (!local_.rows.empty()) return;
  end_reported_ = true;
  report_.num_blocks = local_.timer.num_blocks();
  report_.busy_seconds = local_.timer.total();
  control_.send(0, control_message(MessageKind::finished, report_));
}

}  // namespace merit
