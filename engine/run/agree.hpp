// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "engine/error.hpp"
#include "engine/run/communicator.hpp"

/// Errors on many ranks.
///
/// An exception that leaves one rank while the others wait in a collective call hangs the
/// job, and every rank printing its own message is noise. So work that can fail runs inside
/// all_or_none: it succeeds on all ranks or throws the same exception on all of them.
namespace merit {

/// An exception in a form that can travel. Errors of engine/error.hpp keep their type and
/// text; any other exception is our bug and becomes Error with ExitCode::internal.
struct Failure {
  ExitCode code = ExitCode::internal;
  std::string text;
  bool operator==(const Failure&) const = default;
};

/// The exception now being handled; call it in a catch block.
Failure current_failure();

/// Throws it as the type that belongs to its code: UsageError, DataError, InputError,
/// IoError, otherwise Error.
[[noreturn]] void raise(const Failure& failure);

void put(ByteWriter& writer, const Failure& failure);
Failure take_failure(ByteReader& reader);

/// Returns if no rank brings a failure; otherwise throws that of the lowest rank, the same
/// on all ranks. Its text names the ranks that failed, unless all did. *Collective*
void agree(const Communicator& comm, const std::optional<Failure>& mine);

/// Returns if rank 0 brings no failure; otherwise throws it on all ranks. *Collective*
void agree_with_root(const Communicator& comm, const std::optional<Failure>& of_root);

/// Calls f on every rank. If it throws on any, all ranks throw (see agree), without anybody
/// waiting for ever; otherwise each returns its own value. f itself must not communicate,
/// except in ways that fail on all ranks or on none. *Collective*
template <class F>
auto all_or_none(const Communicator& comm, F&& f) -> std::invoke_result_t<F> {
  using Value = std::invoke_result_t<F>;
  static_assert(!std::is_reference_v<Value>, "return a value or nothing");
  if (comm.size() == 1) return std::forward<F>(f)();
  std::optional<Failure> failure;
  if constexpr (std::is_void_v<Value>) {
    try {
      std::forward<F>(f)();
    } catch (...) {
      failure = current_failure();
    }
    agree(comm, failure);
  } else {
    std::optional<Value> value;
    try {
      value.emplace(std::forward<F>(f)());
    } catch (...) {
      failure = current_failure();
    }
    agree(comm, failure);
    return std::move(*value);
  }
}

/// Calls f on rank 0 alone: all ranks return its value, or throw what it threw. *Collective*
template <class F>
auto root_or_none(const Communicator& comm, F&& f) -> std::invoke_result_t<F> {
  using Value = std::invoke_result_t<F>;
  std::optional<Failure> failure;
  if constexpr (std::is_void_v<Value>) {
    try {
      if (comm.is_root()) std::forward<F>(f)();
    } catch (...) {
      failure = current_failure();
    }
    agree_with_root(comm, failure);
  } else {
    Value value{};
    try {
      if (comm.is_root()) value = std::forward<F>(f)();
    } catch (...) {
      failure = current_failure();
    }
    agree_with_root(comm, failure);
    return comm.broadcast_value(value);
  }
}

}  // namespace merit
