// SPDX-License-Identifier: MIT
#include "engine/run/agree.hpp"

#include <cstdint>
#include <exception>
#include <new>
#include <vector>

namespace merit {

namespace {

/// "rank 2", "ranks 1, 4, 5 and 9 more".
std::string rank_names(const std::vector<int>& ranks) {
  constexpr std::size_t kNamed = 4;
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size() && i < kNamed; ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(ranks[i]);
  }
  if (ranks.size() > kNamed) {
    text += " and " + std::to_string(ranks.size() - kNamed) + " more";
  }
  return text;
}

}  // namespace

Failure current_failure() {
  try {
    throw;
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const std::bad_alloc&) {
    return {ExitCode::internal,
            "memory ran out: give the job more, or start fewer ranks and threads"};
  } catch (const std::exception& error) {
    return {ExitCode::internal, error.what()};
  } catch (...) {
    return {ExitCode::internal, "an exception of unknown type"};
  }
}

void raise(const Failure& failure) {
  switch (failure.code) {
    case ExitCode::usage:
      throw UsageError(failure.text);
    case ExitCode::data:
      throw DataError(failure.text);
    case ExitCode::no_input:
      throw InputError(failure.text);
    case ExitCode::io:
      throw IoError(failure.text);
    default:
      throw Error(failure.code, failure.text);
  }
}

void put(ByteWriter& writer, const Failure& failure) {
  writer.put(failure.code);
  writer.put_text(failure.text);
}

Failure take_failure(ByteReader& reader) {
  const auto code = reader.take<ExitCode>();
  return {code, reader.take_text()};
}

void agree(const Communicator& comm, const std::optional<Failure>& mine) {
  if (comm.all_sum(mine ? 1 : 0) == 0) return;
  ByteWriter writer;
  if (mine) put(writer, *mine);
  const std::vector<Bytes> all = comm.all_gather(writer.take());

  std::optional<Failure> first;
  std::vector<int> failed_ranks;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Bytes& bytes = all[static_cast<std::size_t>(rank)];
    if (bytes.empty()) continue;
    failed_ranks.push_back(rank);
    ByteReader reader(bytes);
    if (!first) first = take_failure(reader);
  }
  if (failed_ranks.size() < all.size()) {
    first->text += " (on " + rank_names(failed_ranks) + ")";
  }
  raise(*first);
}

void agree_with_root(const Communicator& comm, const std::optional<Failure>& of_root) {
  ByteWriter writer;
  if (of_root) put(writer, *of_root);
  Bytes bytes = writer.take();
  comm.broadcast(bytes);
  if (bytes.empty()) return;
  ByteReader reader(bytes);
  raise(take_failure(reader));
}

}  // namespace merit
