// SPDX-License-Identifier: MIT
//
// The communicator of a build without MPI (-DMERIT_MPI=OFF): one rank, for login nodes,
// laptops and job arrays. Same numbers as on any number of ranks.
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "engine/error.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/mpi_version.hpp"

namespace merit {

std::string mpi_version() {
  return "none: built without MPI";
}

MpiSession::MpiSession(int&, char**&) {
  if (launched_processes() == 1) return;
  // Each process would do the whole job, and all would write the same file.
  throw UsageError(
      "this merit was built without MPI and runs as one process, but the launcher "
      "started "
      "several: start one (threads use all its CPUs), split the job with --shard I/N, or "
      "build with MPI (cmake -DMERIT_MPI=ON)");
}
MpiSession::~MpiSession() = default;

struct Transfer::State {};

Transfer::Transfer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Transfer::Transfer(Transfer&&) noexcept = default;
Transfer& Transfer::operator=(Transfer&&) noexcept = default;
Transfer::~Transfer() = default;
bool Transfer::done() {
  return true;
}
int Transfer::peer() const {
  return 0;
}
std::int64_t Transfer::size() const {
  return 0;
}
Bytes Transfer::take() {
  return {};
}

struct Communicator::Native {};

Communicator::Communicator() = default;
Communicator::Communicator(Communicator&&) noexcept = default;
Communicator& Communicator::operator=(Communicator&&) noexcept = default;
Communicator::~Communicator() = default;

Communicator Communicator::single() {
  return {};
}
Communicator Communicator::world() {
  return {};
}
double Communicator::seconds() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}
void Communicator::rest(std::chrono::microseconds time) const {
  std::this_thread::sleep_for(time);
}
void Communicator::barrier() const {}
void Communicator::broadcast(Bytes&) const {}
std::string Communicator::broadcast_text(const std::string& text) const {
  return text;
}
std::vector<Bytes> Communicator::gather(std::span<const std::byte> mine) const {
  return {Bytes(mine.begin(), mine.end())};
}
std::vector<Bytes> Communicator::all_gather(std::span<const std::byte> mine) const {
  return gather(mine);
}
std::int64_t Communicator::all_min(std::int64_t mine) const {
  return mine;
}
std::int64_t Communicator::all_sum(std::int64_t mine) const {
  return mine;
}
Transfer Communicator::start_send(int, int, Bytes) const {
  assert(false && "there is no other rank");
  std::abort();
}
std::optional<Transfer> Communicator::start_receive(int) const {
  return std::nullopt;
}
void Communicator::abort(int code, const std::string& last_words) const {
  std::fprintf(stderr, "merit: %s\n", last_words.c_str());
  std::_Exit(code);
}

}  // namespace merit
