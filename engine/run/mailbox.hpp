// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/run/communicator.hpp"

namespace merit {

struct Message {
  int from = 0;
  Bytes bytes;
};

/// Messages of one tag, from all ranks, in the order in which they arrived.
class Inbox {
 public:
  Inbox(const Communicator& comm, int tag) : comm_(comm), tag_(tag) {}

  /// Begins to receive what has arrived, unless `accept` is false (it then waits at the
  /// sender), and returns the oldest message if it is complete. Never waits.
  std::optional<Message> next(bool accept = true) {
    while (accept) {
      std::optional<Transfer> transfer = comm_.start_receive(tag_);
      if (!transfer) break;
      arriving_.push_back(std::move(*transfer));
      accept = arriving_.size() < kMostAtOnce;
    }
    if (arriving_.empty() || !arriving_.front().done()) return std::nullopt;
    Message message{arriving_.front().peer(), arriving_.front().take()};
    arriving_.pop_front();
    return message;
  }
  bool receiving() const { return !arriving_.empty(); }

 private:
  static constexpr std::size_t kMostAtOnce = 16;
  const Communicator& comm_;
  int tag_;
  std::deque<Transfer> arriving_;
};

/// Messages on their way out.
class Outbox {
 public:
  Outbox(const Communicator& comm, int tag) : comm_(comm), tag_(tag) {}

  void send(int to, Bytes bytes) {
    sending_.push_back(comm_.start_send(to, tag_, std::move(bytes)));
  }
  /// How many the receivers have not taken yet.
  std::size_t in_flight() {
    std::erase_if(sending_, [](Transfer& transfer) { return transfer.done(); });
    return sending_.size();
  }
  /// Until all are taken.
  void wait() {
    while (in_flight() > 0)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
  }

 private:
  const Communicator& comm_;
  int tag_;
  std::vector<Transfer> sending_;
};

}  // namespace merit
