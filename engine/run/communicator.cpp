// SPDX-License-Identifier: MIT
#include "engine/run/communicator.hpp"

#include <cassert>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include <unistd.h>

#include "engine/error.hpp"
#include "engine/run/communicator_native.hpp"

namespace merit {

namespace {

constexpr int kGatherTag = 1000;

constexpr auto check = check_mpi;

/// `size` bytes as one MPI element, because MPI counts elements in an int: MPI_BYTE × size
/// up to 2 GiB, beyond it a type made of 1 GiB pieces and a rest.
class ByteType {
 public:
  explicit ByteType(std::int64_t size) {
    if (size <= INT_MAX) {
      count_ = static_cast<int>(size);
      return;
    }
    constexpr std::int64_t kPiece = std::int64_t{1} << 30;
    MPI_Datatype piece = MPI_DATATYPE_NULL;
    check(MPI_Type_contiguous(static_cast<int>(kPiece), MPI_BYTE, &piece),
          "MPI_Type_contiguous");
    const int lengths[2] = {static_cast<int>(size / kPiece),
                            static_cast<int>(size % kPiece)};
    const MPI_Aint offsets[2] = {0, static_cast<MPI_Aint>(size - size % kPiece)};
    const MPI_Datatype types[2] = {piece, MPI_BYTE};
    check(MPI_Type_create_struct(2, lengths, offsets, types, &type_),
          "MPI_Type_create_struct");
    check(MPI_Type_commit(&type_), "MPI_Type_commit");
    MPI_Type_free(&piece);
    count_ = 1;
  }
  ~ByteType() {
    if (type_ != MPI_BYTE) MPI_Type_free(&type_);
  }
  ByteType(const ByteType&) = delete;
  ByteType& operator=(const ByteType&) = delete;
  ByteType(ByteType&&) = delete;
  ByteType& operator=(ByteType&&) = delete;

  int count() const { return count_; }
  MPI_Datatype type() const { return type_; }

 private:
  MPI_Datatype type_ = MPI_BYTE;
  int count_ = 0;
};

std::int64_t received_size(const MPI_Status& status) {
#ifdef SMPI_H  // SimGrid's MPI (benchmarks/simgrid) has no larger counts
  int size = 0;
  check(MPI_Get_count(&status, MPI_BYTE, &size), "MPI_Get_count");
#else
  MPI_Count size = 0;
  check(MPI_Get_elements_x(&status, MPI_BYTE, &size), "MPI_Get_elements_x");
#endif
  return size;
}

}  // namespace

void check_mpi(int status, const char* call) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(status, text, &length);
  throw Error(ExitCode::internal,
              std::string("communication between ranks failed in ") + call + ": " + text);
}

bool mpi_is_running() {
  int initialised = 0;
  int finalised = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  return initialised != 0 && finalised == 0;
}

MpiSession::MpiSession(int& argc, char**& argv)
    : exceptions_at_start_(std::uncaught_exceptions()) {
  if (!started_by_launcher()) return;
  int provided = MPI_THREAD_SINGLE;
  check(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  owns_mpi_ = true;
  if (provided < MPI_THREAD_FUNNELED) {
    throw Error(ExitCode::internal, "this MPI library does not allow threads");
  }
}

MpiSession::~MpiSession() {
  if (!owns_mpi_) return;
  if (std::uncaught_exceptions() > exceptions_at_start_) {
    MPI_Abort(MPI_COMM_WORLD, static_cast<int>(ExitCode::internal));
  }
  MPI_Finalize();
}

// --- one message ---------------------------------------------------------------------------

struct Transfer::State {
  MPI_Request request = MPI_REQUEST_NULL;
  int peer = 0;
  Bytes bytes;
};

Transfer::Transfer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Transfer::Transfer(Transfer&&) noexcept = default;

Transfer& Transfer::operator=(Transfer&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Transfer::~Transfer() {
  if (state_ == nullptr || state_->request == MPI_REQUEST_NULL) return;
  MPI_Request_free(&state_->request);
  static_cast<void>(state_.release());  // MPI may still use the buffer
}

bool Transfer::done() {
  int flag = 0;
  check(MPI_Test(&state_->request, &flag, MPI_STATUS_IGNORE), "MPI_Test");
  return flag != 0;
}

int Transfer::peer() const {
  return state_->peer;
}
std::int64_t Transfer::size() const {
  return static_cast<std::int64_t>(state_->bytes.size());
}
Bytes Transfer::take() {
  return std::move(state_->bytes);
}

// --- the ranks -----------------------------------------------------------------------------

/// Of all ranks that share memory with this one. *Collective*
static int lowest_rank_of_node(MPI_Comm comm, int rank) {
  MPI_Comm node = MPI_COMM_NULL;
  check(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node),
        "MPI_Comm_split_type");
  int lowest = rank;
  check(MPI_Allreduce(&rank, &lowest, 1, MPI_INT, MPI_MIN, node), "MPI_Allreduce");
  check(MPI_Comm_free(&node), "MPI_Comm_free");
  return lowest;
}

Communicator::Communicator() = default;
Communicator::Communicator(Communicator&&) noexcept = default;
Communicator& Communicator::operator=(Communicator&&) noexcept = default;
Communicator::~Communicator() = default;

Communicator Communicator::single() {
  return {};
}

Communicator Communicator::world() {
  Communicator world;
  if (!mpi_is_running()) return world;
  world.native_ = std::make_unique<Native>();
  MPI_Comm& comm = world.native_->comm;
  check(MPI_Comm_dup(MPI_COMM_WORLD, &comm), "MPI_Comm_dup");
  check(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check(MPI_Comm_rank(comm, &world.rank_), "MPI_Comm_rank");
  check(MPI_Comm_size(comm, &world.size_), "MPI_Comm_size");
  world.on_root_node_ = lowest_rank_of_node(comm, world.rank_) == 0;
  return world;
}

double Communicator::seconds() const {
#ifdef SMPI_H
  return MPI_Wtime();
#else
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
#endif
}

void Communicator::rest(std::chrono::microseconds time) const {
  ::usleep(static_cast<useconds_t>(time.count()));
}

void Communicator::barrier() const {
  if (size_ > 1) check(MPI_Barrier(native_->comm), "MPI_Barrier");
}

void Communicator::broadcast(Bytes& bytes) const {
  if (size_ == 1) return;
  auto size = static_cast<std::int64_t>(bytes.size());
  check(MPI_Bcast(&size, 1, MPI_INT64_T, 0, native_->comm), "MPI_Bcast");
  bytes.resize(static_cast<std::size_t>(size));
  const ByteType whole(size);
  check(MPI_Bcast(bytes.data(), whole.count(), whole.type(), 0, native_->comm),
        "MPI_Bcast");
}

std::string Communicator::broadcast_text(const std::string& text) const {
  ByteWriter writer;
  writer.put_text(text);
  Bytes bytes = writer.take();
  broadcast(bytes);
  return ByteReader(bytes).take_text();
}

std::vector<Bytes> Communicator::gather(std::span<const std::byte> mine) const {
  if (!is_root()) {
    const ByteType whole(static_cast<std::int64_t>(mine.size()));
    check(
        MPI_Send(mine.data(), whole.count(), whole.type(), 0, kGatherTag, native_->comm),
        "MPI_Send");
    return {};
  }
  std::vector<Bytes> all(static_cast<std::size_t>(size_));
  all[0].assign(mine.begin(), mine.end());
  for (int rank = 1; rank < size_; ++rank) {
    MPI_Status status;
    check(MPI_Probe(rank, kGatherTag, native_->comm, &status), "MPI_Probe");
    Bytes& bytes = all[static_cast<std::size_t>(rank)];
    bytes.resize(static_cast<std::size_t>(received_size(status)));
    const ByteType whole(static_cast<std::int64_t>(bytes.size()));
    check(MPI_Recv(bytes.data(),
                   whole.count(),
                   whole.type(),
                   rank,
                   kGatherTag,
                   native_->comm,
                   MPI_STATUS_IGNORE),
          "MPI_Recv");
  }
  return all;
}

std::vector<Bytes> Communicator::all_gather(std::span<const std::byte> mine) const {
  std::vector<Bytes> all = gather(mine);
  ByteWriter writer;
  for (const Bytes& bytes : all)
    writer.put_all(std::span<const std::byte>(bytes));
  Bytes joined = writer.take();
  broadcast(joined);
  if (is_root()) return all;
  for (ByteReader reader(joined); !reader.at_end();) {
    all.push_back(reader.take_vector<std::byte>());
  }
  return all;
}

std::int64_t Communicator::all_min(std::int64_t mine) const {
  if (size_ == 1) return mine;
  std::int64_t least = 0;
  check(MPI_Allreduce(&mine, &least, 1, MPI_INT64_T, MPI_MIN, native_->comm),
        "MPI_Allreduce");
  return least;
}

std::int64_t Communicator::all_sum(std::int64_t mine) const {
  if (size_ == 1) return mine;
  std::int64_t sum = 0;
  check(MPI_Allreduce(&mine, &sum, 1, MPI_INT64_T, MPI_SUM, native_->comm),
        "MPI_Allreduce");
  return sum;
}

Transfer Communicator::start_send(int to, int tag, Bytes bytes) const {
  assert(size_ > 1 && to != rank_ && tag < kGatherTag);
  auto state = std::make_unique<Transfer::State>();
  state->peer = to;
  state->bytes = std::move(bytes);
  const ByteType whole(static_cast<std::int64_t>(state->bytes.size()));
  // Synchronous: done means that the receiver has it, which is what bounds memory there.
  check(MPI_Issend(state->bytes.data(),
                   whole.count(),
                   whole.type(),
                   to,
                   tag,
                   native_->comm,
                   &state->request),
        "MPI_Issend");
  return Transfer(std::move(state));
}

std::optional<Transfer> Communicator::start_receive(int tag) const {
  if (size_ == 1) return std::nullopt;
  // One thread calls MPI, so that nobody can take the message between probe and receive.
  int found = 0;
  MPI_Status status;
  check(MPI_Iprobe(MPI_ANY_SOURCE, tag, native_->comm, &found, &status), "MPI_Iprobe");
  if (found == 0) return std::nullopt;
  auto state = std::make_unique<Transfer::State>();
  state->peer = status.MPI_SOURCE;
  state->bytes.resize(static_cast<std::size_t>(received_size(status)));
  const ByteType whole(static_cast<std::int64_t>(state->bytes.size()));
  check(MPI_Irecv(state->bytes.data(),
                  whole.count(),
                  whole.type(),
                  state->peer,
                  tag,
                  native_->comm,
                  &state->request),
        "MPI_Irecv");
  return Transfer(std::move(state));
}

void Communicator::abort(int code, const std::string& last_words) const {
  std::fprintf(stderr, "merit: rank %d: %s\n", rank_, last_words.c_str());
  if (native_ != nullptr) MPI_Abort(native_->comm, code);
  std::_Exit(code);
}

}  // namespace merit
