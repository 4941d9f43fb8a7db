// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/checkpoint.hpp"
#include "io/hdf5.hpp"
#include "io/job_lock.hpp"
#include "io/part_access.hpp"
#include "io/part_blocks.hpp"
#include "io/part_file.hpp"
#include "io/result_layout.hpp"
#include "io/result_paths.hpp"
#include "io/result_store.hpp"

namespace merit {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

static_assert(
    std::endian::native == std::endian::little,
    "rows are written as they lie in memory; the file's numbers are little-endian");

void make_parts_directory(const std::string& path) {
  std::error_code error;
  fs::create_directory(parts_directory(path), error);
  if (error) {
    throw IoError(parts_directory(path) +
                  ": cannot be created: " + os_reason(error.value(), path));
  }
}

/// Nothing but what a job of ours has put there.
void remove_parts(const std::string& path) {
  std::error_code ignored;
  fs::remove(part_path(path), ignored);
  fs::remove(draft_path(path), ignored);
  fs::remove(lock_path(path), ignored);
  fs::remove(parts_directory(path), ignored);
}

/// Lays a part out, whole and on the disk, under a name that nobody reads yet.
void lay_out_draft(const std::string& path, const ResultContents& contents) {
  const std::string draft = draft_path(path);
  std::error_code gone;
  fs::remove(draft, gone);
  // HDF5 bears a full disk badly: it learns of it when it closes the file. So the room is
  // there before HDF5 writes more than an empty file.
  hdf5::File::create(draft).close();
  PartFile file(draft);
  file.reserve(expected_bytes(contents));
  lay_out_result(draft, contents);
  // Closing cut the file to what it holds; on disk that is there already.
  file.reserve(static_cast<std::int64_t>(fs::file_size(draft)));
  file.sync();
}

/// The sessions' cells, of the first `rows` of them.
void copy_sessions(const PartFile& from,
                   const SessionPlaces& source,
                   PartFile& to,
                   const SessionPlaces& target,
                   std::int64_t rows) {
  constexpr Place SessionPlaces::*kColumns[] = {&SessionPlaces::started,
                                                &SessionPlaces::finished,
                                                &SessionPlaces::host,
                                                &SessionPlaces::batch_job,
                                                &SessionPlaces::ranks,
                                                &SessionPlaces::threads,
                                                &SessionPlaces::replicates,
                                                &SessionPlaces::seconds};
  for (const auto column : kColumns) {
    const Place &read = source.*column, &write = target.*column;
    std::vector<std::byte> cell(
        static_cast<std::size_t>(std::min(read.row_bytes, write.row_bytes)));
    for (std::int64_t row = 0; row < rows; ++row) {
      from.read_at(read.row(row), cell);
      to.write_at(write.row(row), cell);
    }
  }
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace

struct ResultWriter::State {
  std::string path;
  std::string part;
  std::optional<ReplicatePlan> plan;
  Session session;
  std::int64_t session_row = 0;
  std::optional<std::int64_t> replicates_before;  ///< this session
  std::vector<Session> earlier_sessions;
  bool copies = false;  ///< makes no replicates of its own
  Clock::time_point opened = Clock::now();
  ResultPlaces places;
  std::optional<JobLock> lock;
  std::optional<PartFile> file;
  std::optional<PartBlocks> blocks;
  std::optional<Checkpoint> checkpoint;  // last: its thread uses the others

  State(std::string the_path, const ResultContents& contents)
      : path(std::move(the_path)),
        part(merit::part_path(path)),
        plan(contents.replicates),
        session(contents.session),
        earlier_sessions(contents.earlier_sessions),
        copies(!contents.earlier_sessions.empty()) {
    make_parts_directory(path);
    try {
      lock.emplace(path);
    } catch (...) {
      std::error_code not_empty;
      fs::remove(parts_directory(path), not_empty);
      throw;
    }
  }

  void start(const ResultContents& contents);
  void open(std::vector<std::uint8_t> marks, std::int64_t sessions_before);
  void write_session();
  void write_session(std::int64_t row, const Session& written);
  Shard shard() const { return plan ? plan->shard : Shard{}; }
};

/// A new file.
void ResultWriter::State::start(const ResultContents& contents) {
  try {
    std::error_code gone;
    fs::remove(part, gone);
    lay_out_draft(path, contents);
    // From here on the new job is what `path` stands for.
    fs::remove(path, gone);
    rename_durably(draft_path(path), part);
  } catch (...) {
    remove_parts(path);
    throw;
  }
  const std::int64_t num_blocks = plan ? plan->blocks().count : 0;
  open(std::vector<std::uint8_t>(static_cast<std::size_t>(num_blocks)), 0);
}

/// The part at its place, with what it holds.
void ResultWriter::State::open(std::vector<std::uint8_t> marks,
                               std::int64_t sessions_before) {
  places = find_places(part);
  file.emplace(part);
  for (const Session& earlier : earlier_sessions) {
    if (sessions_before < kMostSessions - 1) write_session(sessions_before++, earlier);
  }
  session_row = std::min(sessions_before, kMostSessions - 1);
  if (plan) {
    blocks.emplace(*file, *plan, *places.replicates);
    checkpoint.emplace(*file, *blocks, std::move(marks));
    checkpoint->recover();
    if (!replicates_before) replicates_before = checkpoint->num_rows();
  }
  write_session();
  if (checkpoint) {
    checkpoint->start([this] {
      file->check_in_place();
      write_session();
    });
  }
}

void ResultWriter::State::write_session() {
  Session now = session;
  const std::chrono::duration<double> since = Clock::now() - opened;
  now.seconds += since.count();
  now.finished = utc_now();
  if (checkpoint && !copies) now.replicates = checkpoint->num_rows() - *replicates_before;
  write_session(session_row, now);
}

void ResultWriter::State::write_session(std::int64_t row, const Session& written) {
  const auto write = [&](const Place& place, const void* from, std::size_t size) {
    std::vector<std::byte> cell(static_cast<std::size_t>(place.row_bytes));
    std::memcpy(cell.data(), from, std::min(size, cell.size()));
    file->write_at(place.row(row), cell);
  };
  const auto write_text = [&](const Place& place, const std::string& text) {
    write(place, text.data(), text.size());
  };
  const SessionPlaces& at = places.sessions;
  write_text(at.started, written.started);
  write_text(at.finished, written.finished);
  write_text(at.host, written.host);
  write_text(at.batch_job, written.batch_job);
  write(at.ranks, &written.ranks, sizeof written.ranks);
  write(at.threads, &written.threads, sizeof written.threads);
  write(at.replicates, &written.replicates, sizeof written.replicates);
  write(at.seconds, &written.seconds, sizeof written.seconds);
}

void remove_leftover_parts(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(parts_directory(path), ignored)) return;
  try {
    const JobLock lock(path);
    remove_parts(path);
  } catch (const IoError&) {
    // In use: somebody else will.
  }
}

ResultWriter::ResultWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

ResultWriter::ResultWriter(std::string path,
                           const ResultContents& contents,
                           bool overwrite) {
  check_output(path, overwrite);
  state_ = std::make_unique<State>(std::move(path), contents);
  state_->start(contents);
}

ResultWriter ResultWriter::resume(std::string path, const ResultContents& contents) {
  check_resumable(path);
  auto state = std::make_unique<State>(std::move(path), contents);
  State& s = *state;
  std::optional<ResultFile> stored = find_stored(s.path);
  if (stored) {
    const bool same_job =
        differences(stored->job(), contents.job).empty() && stored->shard() == s.shard();
    if (stored->path() != s.part || !same_job) {
      throw IoError(s.path + ": another job has written it meanwhile");
    }
    std::vector<std::uint8_t> marks = stored->marks();
    const std::int64_t sessions = std::ssize(stored->sessions());
    stored.reset();
    s.open(std::move(marks), sessions);
  } else {
    std::error_code nothing_there;
    fs::rename(s.part, damaged_path(s.path), nothing_there);
    s.start(contents);
  }
  return ResultWriter(std::move(state));
}

ResultWriter::ResultWriter(ResultWriter&&) noexcept = default;
ResultWriter& ResultWriter::operator=(ResultWriter&&) noexcept = default;
ResultWriter::~ResultWriter() = default;

bool ResultWriter::has_block(std::int64_t block) const {
  return state_->checkpoint->has(block - state_->plan->blocks().first);
}

std::int64_t ResultWriter::num_replicates() const {
  return state_->checkpoint ? state_->checkpoint->num_rows() : 0;
}

void ResultWriter::write_block(std::int64_t first, const ReplicateBytes& rows) {
  State& s = *state_;
  if (!s.plan) throw std::logic_error("a result without replicates");
  s.checkpoint->write(s.blocks->index_of(first, rows), rows);
}

Bytes ResultWriter::access() const {
  const State& s = *state_;
  return pack(PartAccess{s.part, s.file->identity(), *s.plan, *s.places.replicates});
}

void ResultWriter::note_block(std::int64_t first) {
  State& s = *state_;
  s.checkpoint->note(first / s.plan->block_rows - s.plan->blocks().first);
}

void ResultWriter::sync() {
  state_->write_session();
  if (state_->checkpoint) state_->checkpoint->sync();
}

void ResultWriter::extend(const ResultContents& contents) {
  const State& s = *state_;
  if (s.plan->num_rows() % s.plan->block_rows != 0)
    throw std::logic_error(s.part + ": the last block is not whole");
  describe(contents);
}

void ResultWriter::describe(const ResultContents& contents) {
  State& s = *state_;
  const std::int64_t num_blocks = s.plan->num_blocks();
  if (!s.checkpoint->has_all()) throw std::logic_error(s.part + ": a block is missing");
  s.checkpoint->stop();
  s.checkpoint->sync();
  s.write_session();
  const std::string draft = draft_path(s.path);
  lay_out_draft(s.path, contents);
  {
    PartFile file(draft);
    const ResultPlaces places = find_places(draft);
    PartBlocks blocks(file, *contents.replicates, *places.replicates);
    std::vector<std::byte> buffer;
    for (std::int64_t index = 0; index < num_blocks; ++index)
      blocks.write(index, s.blocks->read(index, buffer));
    copy_sessions(*s.file, s.places.sessions, file, places.sessions, s.session_row + 1);
    file.sync();
    blocks.write_mark(0, num_blocks, BlockMark::durable);
    file.sync();
  }
  rename_durably(draft, s.part);
  std::vector<std::uint8_t> marks(
      static_cast<std::size_t>(contents.replicates->num_blocks()));
  std::fill_n(marks.begin(), num_blocks, static_cast<std::uint8_t>(BlockMark::durable));
  s.checkpoint.reset();
  s.plan = contents.replicates;
  s.open(std::move(marks), s.session_row);
}

std::optional<double> ResultWriter::checkpoint_age() const {
  return state_->checkpoint ? state_->checkpoint->age() : std::nullopt;
}

void ResultWriter::finish() {
  State& s = *state_;
  if (s.checkpoint) {
    if (!s.checkpoint->has_all()) {
      throw std::logic_error(s.part + ": a block was never written");
    }
    s.checkpoint->stop();
    s.checkpoint->sync();
  }
  s.write_session();
  s.file->sync();
  rename_durably(s.part, s.path);
  remove_parts(s.path);
}

const std::string& ResultWriter::part_path() const {
  return state_->part;
}

}  // namespace merit
