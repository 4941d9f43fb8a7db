// SPDX-License-Identifier: MIT
#include "io/checkpoint.hpp"

#include <algorithm>
#include <utility>

namespace merit {
namespace {

/// Short enough that little is computed again after a power loss; long beside an fsync.
constexpr std::chrono::seconds kSyncEvery{5};

}  // namespace

Checkpoint::Checkpoint(PartFile& file,
                       const PartBlocks& blocks,
                       std::vector<std::uint8_t> marks)
    : file_(file), blocks_(blocks), marks_(std::move(marks)) {}

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

void Checkpoint::recover() {
  std::vector<std::byte> buffer;
  for (std::int64_t index = 0; index < std::ssize(marks_); ++index) {
    std::uint8_t& mark = marks_[static_cast<std::size_t>(index)];
    if (mark == static_cast<std::uint8_t>(BlockMark::durable)) {
      num_rows_ += blocks_.num_rows(index);
      continue;
    }
    if (mark == static_cast<std::uint8_t>(BlockMark::none)) continue;
    const ReplicateBytes rows = blocks_.read(index, buffer);
    if (blocks_.checksum_is_right(index, rows)) {
      blocks_.write_rows(index, rows);
      written_.push_back(index);
      num_rows_ += rows.count;
    } else {
      blocks_.write_mark(index, 1, BlockMark::none);
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

void Checkpoint::write(std::int64_t index, const ReplicateBytes& rows) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
  }
  blocks_.write(index, rows);
  note(index);
}

void Checkpoint::note(std::int64_t index) {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
  std::uint8_t& mark = marks_[static_cast<std::size_t>(index)];
  if (mark == static_cast<std::uint8_t>(BlockMark::none)) {
    num_rows_ += blocks_.num_rows(index);
  }
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
        blocks_.write_mark(
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
