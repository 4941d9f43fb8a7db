// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/bytes.hpp"

/// What ranks say to each other during run_tasks. Every control message begins with its kind;
/// rows travel under a tag of their own, so that a full disk does not hold up a question.
///
///     member -> rank 0   request   LeaseRequest
///                        failed    block, Failure: a block threw
///                        stop      this rank was asked to stop
///                        finished  MemberReport: no block in hand, all rows posted
///     rank 0 -> member   lease     BlockRange
///                        finish    Finish: there will be no more leases
///                        end       everything is written, or dropped: leave
namespace merit {

inline constexpr int kControlTag = 1;
inline constexpr int kRowsTag = 2;

enum class MessageKind : std::uint8_t {
  request,
  failed,
  stop,
  finished,
  lease,
  finish,
  end
};

/// What to do with blocks not begun and rows not delivered; a later value overrides.
enum class Finish : std::uint8_t {
  not_yet,
  normally,      ///< compute what is leased, deliver all
  stopped,       ///< begin no block, deliver all
  after_failure  ///< begin no block, drop rows
};

struct MemberReport {
  std::int64_t row_messages = 0;  ///< posted
  std::int64_t num_blocks = 0;    ///< computed
  double busy_seconds = 0.0;
};

template <PlainValue T>
Bytes control_message(MessageKind kind, const T& value) {
  ByteWriter writer;
  writer.put(kind);
  writer.put(value);
  return writer.take();
}

}  // namespace merit
