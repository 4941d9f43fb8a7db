// SPDX-License-Identifier: MIT
//
// Runs a fuzz target without libFuzzer, so with any compiler: every file as it is, then with
// random damage for a while. PROGRAM SECONDS SEED FILE...
//
// A crash leaves the last input in crash_input, to be given as FILE with SECONDS = 0.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/damage.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

Input read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run(const Input& input) {
  std::ofstream("crash_input", std::ios::binary)
      .write(reinterpret_cast<const char*>(input.data()),
             static_cast<std::streamsize>(input.size()));
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::puts("usage: PROGRAM SECONDS SEED FILE...");
    return 64;
  }
  const std::chrono::duration<double> duration(std::atof(argv[1]));
  merit::testing::Random random(static_cast<unsigned>(std::atoi(argv[2])));
  std::vector<Input> files;
  for (int i = 3; i < argc; ++i)
    files.push_back(read_file(argv[i]));
  for (const Input& file : files)
    run(file);
  long num_runs = static_cast<long>(files.size());
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < duration) {
    Input input = files[merit::testing::below(files.size(), random)];
    merit::testing::damage(input.data(), input.size(), random);
    run(input);
    ++num_runs;
  }
  std::remove("crash_input");
  std::printf("%ld inputs, no crash\n", num_runs);
}
