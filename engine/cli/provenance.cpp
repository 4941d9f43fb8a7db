// SPDX-License-Identifier: MIT
#include "engine/cli/provenance.hpp"

#include <algorithm>
#include <cstdlib>
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

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

/// "slurm 4711, restart 2", "pbs 123.server"; empty without a scheduler.
std::string batch_job() {
  if (const std::string job = variable("SLURM_JOB_ID"); !job.empty()) {
    const std::string restart = variable("SLURM_RESTART_COUNT");
    return "slurm " + job + (restart.empty() ? "" : ", restart " + restart);
  }
  if (const std::string job = variable("PBS_JOBID"); !job.empty()) return "pbs " + job;
  if (const std::string job = variable("LSB_JOBID"); !job.empty()) return "lsf " + job;
  return {};
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

Attributes RunRecord::all() const {
  Attributes attributes = attributes_;
  attributes.emplace_back("finished", utc_now());
  attributes.emplace_back("seconds", seconds());
  return attributes;
}

double RunRecord::seconds() const {
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - start_;
  return since.count();
}

Session RunRecord::session() const {
  return {.started = std::get<std::string>(attribute("started")),
          .finished = {},
          .host = std::get<std::string>(attribute("host")),
          .batch_job = batch_job(),
          .ranks = std::get<std::int64_t>(attribute("ranks")),
          .threads = std::get<std::int64_t>(attribute("threads")),
          .seconds = seconds()};
}

const AttributeValue& RunRecord::attribute(const std::string& name) const {
  return std::find_if(attributes_.begin(),
                      attributes_.end(),
                      [&](const Attribute& a) { return a.first == name; })
      ->second;
}

}  // namespace merit
