// SPDX-License-Identifier: MIT
#include "engine/cli/provenance.hpp"

#include <ctime>
#include <filesystem>
#include <numeric>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "engine/cli/build_info.hpp"
#include "engine/run/mpi_version.hpp"
#include "io/hdf5.hpp"

namespace merit {
namespace {

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

/// As a shell would take it again.
std::string quoted(const std::string& argument) {
  const bool plain =
      !argument.empty() && argument.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_-./=,:") == std::string::npos;
  if (plain) return argument;
  std::string text = "'";
  for (const char c : argument)
    text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

ProgramVersion program_version() {
  return {
      MERIT_VERSION, MERIT_COMMIT, compiler(), mpi_version(), hdf5::library_version()};
}

std::string version_text() {
  const ProgramVersion v = program_version();
  return fmt::format(
      "merit {} (commit {})\ncompiler  {}\nMPI       {}\nHDF5      {}\n"
      "SIMD      {} by default, this processor has {}\n",
      v.version,
      v.commit,
      v.compiler,
      v.mpi,
      v.hdf5,
      name(RunSettings{}.simd_level()),
      name(highest_simd_level()));
}

RunRecord::RunRecord(const Communicator& comm,
                     const std::vector<std::string>& arguments,
                     const std::string& snapshot,
                     const RunSettings& run)
    : layout_(gather_layout(comm, run.num_threads())) {
  const ProgramVersion v = program_version();
  std::string command_line;
  for (const std::string& argument : arguments) {
    command_line += (command_line.empty() ? "" : " ") + quoted(argument);
  }
  const std::int64_t threads = std::accumulate(
      layout_.begin(),
      layout_.end(),
      std::int64_t{0},
      [](std::int64_t sum, const RankLayout& rank) { return sum + rank.threads; });
  attributes_ = {{"snapshot", std::filesystem::absolute(snapshot).string()},
                 {"command_line", command_line},
                 {"ranks", static_cast<std::int64_t>(comm.size())},
                 {"threads", threads},
                 {"layout", describe(layout_)},
                 {"seed", fmt::format("{}", run.seed)},
                 {"host", host_name()},
                 {"simd", std::string(name(run.simd_level()))},
                 {"version", v.version},
                 {"commit", v.commit},
                 {"compiler", v.compiler},
                 {"mpi", v.mpi},
                 {"hdf5", v.hdf5},
                 {"started", utc_now()}};
}

Attributes RunRecord::at_end() const {
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  return {{"finished", utc_now()}, {"seconds", seconds.count()}};
}

Attributes RunRecord::all() const {
  Attributes attributes = attributes_;
  for (Attribute& attribute : at_end())
    attributes.push_back(std::move(attribute));
  return attributes;
}

}  // namespace merit
