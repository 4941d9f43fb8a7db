// SPDX-License-Identifier: MIT
#include "io/checkpoint.hpp"

#include <algorithm>
#include <utility>

#include "io/block_checksum.hpp"

namespace merit {
namespace {

/// Short enough that little is computed again after a power loss; long beside an fsync.
constexpr std::chrono::seconds kSyncEvery{5};

template <class T>
std::span<const std::byte> bytes_of_value(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

Checkpoint::Checkpoint(PartFile& file,
                       const ReplicatePlan& plan,
                       const ReplicatePlaces& places,
                       std::vector<std::uint8_t> marks)
    : file_(file), plan_(plan), places_(places), marks_(std::move(marks)) {}

Checkpoint::~Checkpoint() {
  stop();
}

void Checkpoint::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::int64_t Checkpoint::rows_of(std::int64_t index) const {
  return plan_.rows({plan_.blocks().first + index, 1}).count;
}

void Checkpoint::recover() {
  std::vector<std::byte> buffer;
  for (std::int64_t index = 0; index < std::ssize(marks_); ++index) {
    std::uint8_t& mark = marks_[static_cast<std::size_t>(index)];
    if (mark == static_cast<std::uint8_t>(BlockMark::durable)) {
      num_rows_ += rows_of(index);
      continue;
    }
    if (mark == static_cast<std::uint8_t>(BlockMark::none)) continue;
    const ReplicateBytes rows = read_rows(index, buffer);
    const std::uint64_t checksum = block_checksum(plan_.blocks().first + index, rows);
    std::uint64_t stored = 0;
    file_.read_at(places_.checksum.row(index),
                  std::as_writable_bytes(std::span(&stored, 1)));
    if (checksum == stored) {
      write_rows(index, rows);
      written_.push_back(index);
      num_rows_ += rows_of(index);
    } else {
      write_mark(index, 1, BlockMark::none);
      mark = static_cast<std::uint8_t>(BlockMark::none);
    }
  }
}

void Checkpoint::start(std::function<void()> before_sync) {
  before_sync_ = std::move(before_sync);
  thread_ = std::thread([this] { work_in_background(); });
}

void Checkpoint::work_in_background() {
  std::unique_lock lock(mutex_);
  while (!failure_) {
    if (wake_.wait_for(lock, kSyncEvery, [this] { return ending_; })) return;
    lock.unlock();
    std::exception_ptr failure;
    try {
      before_sync_();
      sync();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure) failure_ = failure;
  }
}

ReplicateBytes Checkpoint::read_rows(std::int64_t index,
                                     std::vector<std::byte>& buffer) const {
  const std::int64_t first = index * plan_.block_rows;
  const std::int64_t count = rows_of(index);
  const std::int64_t std_error_bytes =
      places_.std_error ? places_.std_error->row_bytes : 0;
  const std::int64_t row_bytes = places_.estimate.row_bytes + std_error_bytes +
                                 places_.log_likelihood.row_bytes +
                                 places_.status.row_bytes;
  buffer.resize(static_cast<std::size_t>(count * row_bytes));
  std::span<std::byte> rest(buffer);
  const auto read = [&](const Place& place) {
    const auto bytes = rest.first(static_cast<std::size_t>(count * place.row_bytes));
    file_.read_at(place.row(first), bytes);
    rest = rest.subspan(bytes.size());
    return std::span<const std::byte>(bytes);
  };
  ReplicateBytes rows{.count = count};
  rows.estimate = read(places_.estimate);
  if (places_.std_error) rows.std_error = read(*places_.std_error);
  rows.log_likelihood = read(places_.log_likelihood);
  rows.status = read(places_.status);
  return rows;
}

void Checkpoint::write_rows(std::int64_t index, const ReplicateBytes& rows) {
  const std::int64_t first = index * plan_.block_rows;
  file_.write_at(places_.estimate.row(first), rows.estimate);
  if (places_.std_error) file_.write_at(places_.std_error->row(first), rows.std_error);
  file_.write_at(places_.log_likelihood.row(first), rows.log_likelihood);
  file_.write_at(places_.status.row(first), rows.status);
}

void Checkpoint::write_mark(std::int64_t index, std::int64_t count, BlockMark mark) {
  const std::vector<std::byte> marks(static_cast<std::size_t>(count),
                                     static_cast<std::byte>(mark));
  file_.write_at(places_.committed.row(index), marks);
}

void Checkpoint::write(std::int64_t index, const ReplicateBytes& rows) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
  }
  ReplicateBytes stored = rows;
  if (!places_.std_error) stored.std_error = {};
  const std::uint64_t checksum = block_checksum(plan_.blocks().first + index, stored);
  write_rows(index, stored);
  file_.write_at(places_.checksum.row(index), bytes_of_value(checksum));
  write_mark(index, 1, BlockMark::written);

  const std::lock_guard lock(mutex_);
  std::uint8_t& mark = marks_[static_cast<std::size_t>(index)];
  if (mark == static_cast<std::uint8_t>(BlockMark::none)) num_rows_ += rows.count;
  mark = static_cast<std::uint8_t>(BlockMark::written);
  written_.push_back(index);
}

void Checkpoint::sync() {
  const std::lock_guard one_at_a_time(sync_mutex_);
  std::vector<std::int64_t> blocks;
  const Clock::time_point start = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    blocks = written_;
    written_.clear();
  }
  if (!blocks.empty()) {
    try {
      file_.sync();
      std::sort(blocks.begin(), blocks.end());
      for (std::size_t first = 0; first < blocks.size();) {
        std::size_t end = first + 1;
        while (end < blocks.size() && blocks[end] == blocks[end - 1] + 1)
          ++end;
        write_mark(
            blocks[first], static_cast<std::int64_t>(end - first), BlockMark::durable);
        first = end;
      }
    } catch (...) {
      // The kernel may forget what it could not write: no later fsync makes it good.
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      throw;
    }
  }
  const std::lock_guard lock(mutex_);
  for (const std::int64_t block : blocks) {
    marks_[static_cast<std::size_t>(block)] =
        static_cast<std::uint8_t>(BlockMark::durable);
  }
  saved_ = start;
}

bool Checkpoint::has(std::int64_t index) const {
  const std::lock_guard lock(mutex_);
  return marks_[static_cast<std::size_t>(index)] != 0;
}

bool Checkpoint::has_all() const {
  const std::lock_guard lock(mutex_);
  return std::count(marks_.begin(), marks_.end(), 0) == 0;
}

std::int64_t Checkpoint::num_rows() const {
  const std::lock_guard lock(mutex_);
  return num_rows_;
}

std::optional<double> Checkpoint::age() const {
  const std::lock_guard lock(mutex_);
  if (!saved_) return std::nullopt;
  return std::chrono::duration<double>(Clock::now() - *saved_).count();
}

}  // namespace merit
