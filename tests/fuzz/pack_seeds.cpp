// SPDX-License-Identifier: MIT
//
// Inputs for values_fuzz from snapshots: pack_seeds OUT_DIR SNAPSHOT...

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/error.hpp"
#include "io/snapshot.hpp"

int main(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    try {
      const std::string packed = merit::examine_snapshot(path);
      std::ifstream in(path, std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(in), {});
      const std::uint64_t length = packed.size();
      std::ofstream out(std::filesystem::path(argv[1]) / path.filename(),
                        std::ios::binary);
      out.write(reinterpret_cast<const char*>(&length), sizeof length);
      out << packed << bytes;
    } catch (const merit::Error& error) {
      std::printf("left out: %s\n", error.what());
    }
  }
}
