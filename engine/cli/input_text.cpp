// SPDX-License-Identifier: MIT
#include "engine/cli/input_text.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/run/agree.hpp"

namespace merit {

std::string read_text(const Communicator& comm,
                      const std::string& path,
                      const std::string& wanted) {
  std::string text;
  root_or_none(comm, [&] {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream all;
    // An empty file has nothing to copy, which is no failure.
    if (file && file.peek() != std::ifstream::traits_type::eof()) all << file.rdbuf();
    if (!file || !all) {
      throw InputError(fmt::format(
          "{}: cannot be read: {}; give {}", path, std::strerror(errno), wanted));
    }
    text = all.str();
  });
  return comm.broadcast_text(text);
}

}  // namespace merit
