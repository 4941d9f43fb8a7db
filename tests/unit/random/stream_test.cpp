// SPDX-License-Identifier: MIT
#include "engine/random/stream.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/simd_levels.hpp"
#include "tests/unit/random/random_probe.hpp"

using namespace merit;
using namespace merit::testing;

BOOST_AUTO_TEST_SUITE(stream)

namespace {

RandomProbe probe(SimdLevel level) {
  return at_level(
      level, simd_v2::random_probe, simd_v3::random_probe, simd_v4::random_probe)();
}

constexpr std::array kPurposes = {
    Purpose::parametric_bootstrap, Purpose::group_bootstrap, Purpose::row_bootstrap};

constexpr std::array<std::uint64_t, 6> kSeeds = {
    0, 1, 0xffffffff, 0x100000000, 0x123456789abcdef0, ~0ULL};

constexpr std::array<std::int64_t, 10> kTasks = {
    0,
    1,
    2,
    7,
    8,
    0xffffffff,
    0x100000000,
    0x100000001,
    0x123456789abcdef,
    std::numeric_limits<std::int64_t>::max()};

struct KnownAnswer {
  std::array<std::uint32_t, 4> counter;
  std::array<std::uint32_t, 2> key;
  std::array<std::uint32_t, 4> answer;
};

// The lines "philox4x32 10" of DEShawResearch/random123:tests/kat_vectors.
constexpr std::array<KnownAnswer, 3> kKnownAnswers = {{
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
}};

std::uint64_t join(std::uint32_t low, std::uint32_t high) {
  return low | std::uint64_t{high} << 32;
}

}  // namespace

BOOST_AUTO_TEST_CASE(lanes_give_the_known_answers_of_philox) {
  for (const SimdLevel level : simd_levels()) {
    for (const KnownAnswer& known : kKnownAnswers) {
      std::array<std::int64_t, 8> task;
      task.fill(static_cast<std::int64_t>(join(known.counter[1], known.counter[2])));
      std::array<std::uint64_t, 16> words;
      probe(level).bits(join(known.key[0], known.key[1]),
                        static_cast<Purpose>(known.counter[3]),
                        task.data(),
                        known.counter[0],
                        words.data());
      for (std::size_t lane = 0; lane < 8; ++lane) {
        BOOST_TEST(words[lane] == join(known.answer[0], known.answer[1]));
        BOOST_TEST(words[8 + lane] == join(known.answer[2], known.answer[3]));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stream_gives_the_known_answer_of_philox_at_draw_0) {
  Stream zero(0, static_cast<Purpose>(0), 0);
  const KnownAnswer& known = kKnownAnswers[0];
  BOOST_TEST(zero.bits() == join(known.answer[0], known.answer[1]));
  BOOST_TEST(zero.bits() == join(known.answer[2], known.answer[3]));
}

// C++26 [rand.predef]: "The 10000th consecutive invocation of a default-constructed object
// of type philox4x32 produces the value 1955073260." Its default seed is 20111115, its
// counter starts at 0.
BOOST_AUTO_TEST_CASE(a_stream_and_lanes_give_the_value_that_the_standard_states) {
  Stream stream(20111115, static_cast<Purpose>(0), 0);
  std::uint64_t word = 0;
  for (int i = 0; i < 5000; ++i)
    word = stream.bits();
  BOOST_TEST((word >> 32) == 1955073260U);

  const std::array<std::int64_t, 8> task{};
  std::array<std::uint64_t, 16> words;
  probe(SimdLevel::v2)
      .bits(20111115, static_cast<Purpose>(0), task.data(), 2499, words.data());
  BOOST_TEST((words[8] >> 32) == 1955073260U);
}

BOOST_AUTO_TEST_CASE(lanes_are_streams) {
  for (const SimdLevel level : simd_levels()) {
    for (const std::uint64_t seed : kSeeds) {
      for (const Purpose purpose : kPurposes) {
        for (const std::int64_t first : kTasks) {
          std::array<std::int64_t, 8> task;
          for (std::size_t lane = 0; lane < 8; ++lane) {
            const auto step = static_cast<std::int64_t>(lane);
            task[lane] =
                std::min(first, std::numeric_limits<std::int64_t>::max() - 7) + step;
          }
          std::array<std::vector<std::uint64_t>, 8> from_lanes, from_streams;
          for (std::uint32_t draw = 0; draw < 5; ++draw) {
            std::array<std::uint64_t, 16> words;
            probe(level).bits(seed, purpose, task.data(), draw, words.data());
            for (std::size_t lane = 0; lane < 8; ++lane) {
              from_lanes[lane].push_back(words[lane]);
              from_lanes[lane].push_back(words[8 + lane]);
            }
          }
          for (std::size_t lane = 0; lane < 8; ++lane) {
            Stream stream(seed, purpose, task[lane]);
            for (int i = 0; i < 10; ++i)
              from_streams[lane].push_back(stream.bits());
          }
          BOOST_TEST((from_lanes == from_streams));
        }
      }
    }
  }
}

// A 64-bit word that turns up twice among 6 · 3 · 10 · 8 would be a chance of 10⁻¹³.
BOOST_AUTO_TEST_CASE(streams_of_all_seeds_purposes_and_tasks_differ) {
  std::set<std::uint64_t> words;
  std::size_t count = 0;
  for (const std::uint64_t seed : kSeeds) {
    for (const Purpose purpose : kPurposes) {
      for (const std::int64_t task : kTasks) {
        Stream stream(seed, purpose, task);
        for (int i = 0; i < 8; ++i, ++count)
          words.insert(stream.bits());
      }
    }
  }
  BOOST_TEST(words.size() == count);
}

BOOST_AUTO_TEST_CASE(consecutive_tasks_differ) {
  std::set<std::uint64_t> words;
  constexpr std::int64_t kCount = 100000;
  for (std::int64_t task = 0; task < kCount; ++task) {
    words.insert(Stream(1, Purpose::group_bootstrap, task).bits());
  }
  BOOST_TEST(words.size() == static_cast<std::size_t>(kCount));
}

BOOST_AUTO_TEST_CASE(index_is_the_high_word_of_the_product) {
  for (const std::int64_t n : {1L, 2L, 3L, 28L, 1000003L, (1L << 40) + 1}) {
    Stream indices(5, Purpose::group_bootstrap, 9), words(5, Purpose::group_bootstrap, 9);
    for (int i = 0; i < 200; ++i) {
      const std::int64_t index = indices.index(n);
      const auto word = static_cast<long double>(words.bits());
      BOOST_TEST(index >= 0);
      BOOST_TEST(index < n);
      // ⌊n · word / 2^64⌋; the product may round up to the next integer in 64 bits.
      const long double exact = word * 0x1p-64L * static_cast<long double>(n);
      BOOST_TEST(std::abs(static_cast<long double>(index) + 0.5L - exact) <= 0.5000001L);
    }
  }
}

// χ² goodness of fit with 27 degrees of freedom: above 82.6 with probability 1.5e-7.
BOOST_AUTO_TEST_CASE(indices_are_uniform) {
  constexpr std::int64_t kBins = 28, kCount = 280000;
  std::array<double, kBins> seen{};
  for (std::int64_t task = 0; task < kCount / 28; ++task) {
    Stream stream(11, Purpose::group_bootstrap, task);
    for (int i = 0; i < 28; ++i)
      ++seen[static_cast<std::size_t>(stream.index(kBins))];
  }
  const double expected = static_cast<double>(kCount) / kBins;
  double chi_squared = 0.0;
  for (const double count : seen)
    chi_squared += (count - expected) * (count - expected) / expected;
  BOOST_TEST(chi_squared < 82.6);
}

BOOST_AUTO_TEST_SUITE_END()
