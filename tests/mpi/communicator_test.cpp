// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/run/agree.hpp"
#include "tests/mpi/world.hpp"

namespace merit {

using test::world;

namespace {

/// Bytes that depend on every position: i ↦ i (rank + 3) mod 251.
Bytes pattern(std::size_t size, int rank) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * static_cast<std::size_t>(rank + 3) % 251);
  }
  return bytes;
}

template <class E, class F>
std::string text_of(F&& f) {
  try {
    std::forward<F>(f)();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(communicator)

BOOST_AUTO_TEST_CASE(single_rank_needs_no_mpi) {
  const Communicator comm = Communicator::single();
  BOOST_TEST(comm.rank() == 0);
  BOOST_TEST(comm.size() == 1);
  comm.barrier();
  Bytes bytes = pattern(10, 0);
  comm.broadcast(bytes);
  BOOST_TEST((bytes == pattern(10, 0)));
  BOOST_TEST(comm.gather(bytes).size() == 1u);
  BOOST_TEST(comm.all_gather(bytes).size() == 1u);
  BOOST_TEST(comm.all_sum(5) == 5);
  BOOST_TEST(!comm.start_receive(1).has_value());
}

BOOST_AUTO_TEST_CASE(world_is_what_the_launcher_started) {
  BOOST_TEST(world().all_sum(1) == world().size());
  BOOST_TEST(world().all_min(world().rank()) == 0);
  const char* expected = std::getenv("MERIT_TEST_RANKS");
  if (expected != nullptr) BOOST_TEST(world().size() == std::atoi(expected));
}

BOOST_AUTO_TEST_CASE(bytes_of_different_length_arrive_in_rank_order) {
  const auto length = [](int rank) { return static_cast<std::size_t>(100'000 * rank); };
  const Bytes mine = pattern(length(world().rank()), world().rank());
  const std::vector<Bytes> all = world().all_gather(mine);
  BOOST_TEST(all.size() == static_cast<std::size_t>(world().size()));
  for (int rank = 0; rank < world().size(); ++rank) {
    const bool equal = all[static_cast<std::size_t>(rank)] == pattern(length(rank), rank);
    BOOST_TEST(equal);
  }
  BOOST_TEST(world().gather(mine).empty() == !world().is_root());
}

BOOST_AUTO_TEST_CASE(broadcast_brings_values_of_rank_0) {
  Bytes bytes = world().is_root() ? pattern(1000, 0) : Bytes{};
  world().broadcast(bytes);
  BOOST_TEST((bytes == pattern(1000, 0)));
  BOOST_TEST(world().broadcast_value(1.0 + world().rank()) == 1.0);
  BOOST_TEST(world().broadcast_text("rank " + std::to_string(world().rank())) ==
             "rank 0");
}

BOOST_AUTO_TEST_CASE(messages_of_one_tag_keep_their_order) {
  constexpr int kTag = 7;
  constexpr int kMessages = 20;
  if (!world().is_root()) {
    std::vector<Transfer> sends;
    for (int i = 0; i < kMessages; ++i) {
      sends.push_back(
          world().start_send(0, kTag, pattern(static_cast<std::size_t>(i * 3000), i)));
    }
    for (Transfer& send : sends) {
      while (!send.done()) {
      }
    }
  } else {
    std::vector<int> next(static_cast<std::size_t>(world().size()), 0);
    for (int left = kMessages * (world().size() - 1); left > 0;) {
      std::optional<Transfer> receive = world().start_receive(kTag);
      if (!receive) continue;
      while (!receive->done()) {
      }
      int& i = next[static_cast<std::size_t>(receive->peer())];
      BOOST_TEST((receive->take() == pattern(static_cast<std::size_t>(i * 3000), i)));
      ++i;
      --left;
    }
  }
  world().barrier();
}

// MPI counts in int: 2 GiB and more needs a derived type. Takes 7 GB of memory and some
// seconds, so only on request.
BOOST_AUTO_TEST_CASE(messages_beyond_2_gib) {
  if (std::getenv("MERIT_TEST_LARGE") == nullptr || world().size() != 2) return;
  const std::size_t size = (std::size_t{1} << 31) + 12'345;
  if (world().rank() == 1) {
    Transfer send = world().start_send(0, 8, pattern(size, 1));
    while (!send.done()) {
    }
  } else {
    std::optional<Transfer> receive;
    while (!receive)
      receive = world().start_receive(8);
    while (!receive->done()) {
    }
    const bool equal = receive->take() == pattern(size, 1);
    BOOST_TEST(equal);
  }
  Bytes bytes = world().is_root() ? pattern(size, 5) : Bytes{};
  world().broadcast(bytes);
  const bool equal = bytes == pattern(size, 5);
  BOOST_TEST(equal);
  const std::vector<Bytes> all =
      world().gather(world().is_root() ? std::span<const std::byte>{} : bytes);
  if (world().is_root()) {
    const bool gathered = all[1] == bytes;
    BOOST_TEST(gathered);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(agreement)

BOOST_AUTO_TEST_CASE(values_pass_when_nobody_fails) {
  BOOST_TEST(all_or_none(world(), [] { return world().rank(); }) == world().rank());
  all_or_none(world(), [] {});
}

BOOST_AUTO_TEST_CASE(error_on_one_rank_is_thrown_on_all) {
  const int last = world().size() - 1;
  const std::string text = text_of<DataError>([&] {
    all_or_none(world(), [&] {
      if (world().rank() == last) throw DataError("column \"age\" is not there");
    });
  });
  const std::string where = last == 0 ? "" : " (on rank " + std::to_string(last) + ")";
  BOOST_TEST(text == "column \"age\" is not there" + where);
}

BOOST_AUTO_TEST_CASE(lowest_rank_wins_and_all_failing_names_none) {
  const std::string text = text_of<IoError>([] {
    all_or_none(world(),
                []() -> int { throw IoError("file " + std::to_string(world().rank())); });
  });
  BOOST_TEST(text == "file 0");
}

BOOST_AUTO_TEST_CASE(kind_survives_and_foreign_exceptions_are_internal) {
  const auto fail_with = [](auto error) {
    return [error] { all_or_none(world(), [&] { throw error; }); };
  };
  BOOST_CHECK_THROW(fail_with(UsageError("a"))(), UsageError);
  BOOST_CHECK_THROW(fail_with(InputError("a"))(), InputError);
  if (world().size() > 1) {
    BOOST_CHECK_THROW(fail_with(std::runtime_error("a"))(), Error);
  }
  // And the ranks are still in step.
  BOOST_TEST(world().all_sum(1) == world().size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace merit
