// SPDX-License-Identifier: MIT
#include "engine/random/random_lanes.hpp"
#include "tests/unit/random/random_probe.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

constexpr int kMostNormals = 64;

IntLanes load_words(const void* words) {
  IntLanes lanes;
  __builtin_memcpy(&lanes, words, sizeof lanes);
  return lanes;
}

void bits(std::uint64_t seed,
          Purpose purpose,
          const std::int64_t* task,
          std::uint32_t draw,
          std::uint64_t* out) {
  const RandomBits words = random_bits({seed, purpose, load_words(task)}, draw);
  __builtin_memcpy(out, &words.first, sizeof words.first);
  __builtin_memcpy(out + kLanes, &words.second, sizeof words.second);
}

void uniforms(const std::uint64_t* words, double* out) {
  store(out, uniform(load_words(words)));
}

void normals(std::uint64_t seed,
             Purpose purpose,
             const std::int64_t* task,
             std::uint32_t first_draw,
             int count,
             double* out) {
  Lanes values[kMostNormals];
  fill_normals({seed, purpose, load_words(task)}, first_draw, count, values);
  for (int i = 0; i < count; ++i)
    store(out + i * kLanes, values[i]);
}

void chi_squares(std::uint64_t seed,
                 Purpose purpose,
                 const std::int64_t* task,
                 std::uint32_t first_draw,
                 double df,
                 double* out) {
  store(out, chi_squared({seed, purpose, load_words(task)}, first_draw, df));
}

}  // namespace

testing::RandomProbe random_probe() {
  return {bits, uniforms, normals, chi_squares};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
