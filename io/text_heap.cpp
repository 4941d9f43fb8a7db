// SPDX-License-Identifier: MIT
#include "io/text_heap.hpp"

#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {
namespace {

constexpr std::size_t kHeapHeaderBytes = 16;    // "GCOL", version, 3 bytes, size
constexpr std::size_t kObjectHeaderBytes = 16;  // index, count, 4 bytes, size
constexpr std::int64_t kMaxHeapBytes = std::int64_t{1} << 28;
constexpr std::int64_t kMaxCachedBytes = std::int64_t{1} << 24;

/// Heaps are read in order and once, or nearly so. Reading far more than the file holds
/// means that they overlap, which only a damaged or hostile file's do.
constexpr std::int64_t kMaxTimesRead = 16;
constexpr std::int64_t kMaxBytesPerText = 65'536;

template <class Number>
Number little_endian(const std::byte* at) {
  Number number = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    number = static_cast<Number>(number << 8 | std::to_integer<Number>(at[i]));
  }
  return number;
}

[[noreturn]] void fail(std::uint64_t address) {
  throw IoError(fmt::format(
      "is damaged: the heap at byte {} of the file does not hold its text", address));
}

}  // namespace

const TextHeap::Heap& TextHeap::load(std::uint64_t address) {
  if (const auto found = heaps_.find(address); found != heaps_.end()) {
    return found->second;
  }
  const auto end = static_cast<std::uint64_t>(file_->size() - user_block_);
  if (address > end || end - address < kHeapHeaderBytes) fail(address);
  const std::int64_t offset = static_cast<std::int64_t>(address) + user_block_;

  std::byte header[kHeapHeaderBytes];
  file_->read_at(offset, header);
  const auto size = little_endian<std::uint64_t>(header + 8);
  if (std::memcmp(header, "GCOL", 4) != 0 || size < kHeapHeaderBytes ||
      size > end - address || size > static_cast<std::uint64_t>(kMaxHeapBytes)) {
    fail(address);
  }
  const auto bytes = static_cast<std::int64_t>(size);
  loaded_bytes_ += bytes;
  if (loaded_bytes_ / kMaxTimesRead > file_->size() &&
      loaded_bytes_ / kMaxBytesPerText > num_texts_) {
    fail(address);
  }
  if (cached_bytes_ + bytes > kMaxCachedBytes) {
    heaps_.clear();
    cached_bytes_ = 0;
  }
  cached_bytes_ += bytes;

  Heap& heap = heaps_[address];
  heap.bytes.resize(size);
  file_->read_at(offset, heap.bytes);
  // Objects follow each other, padded to 8 bytes; index 0 is the free space at the end.
  std::size_t at = kHeapHeaderBytes;
  while (size - at >= kObjectHeaderBytes) {
    const auto index = little_endian<std::uint16_t>(heap.bytes.data() + at);
    const auto length = little_endian<std::uint64_t>(heap.bytes.data() + at + 8);
    if (index == 0) break;
    if (length > size - at - kObjectHeaderBytes) break;
    if (heap.object.size() <= index) heap.object.resize(index + std::size_t{1});
    heap.object[index] = at;
    const std::size_t padded = (length + 7) / 8 * 8;
    if (padded > size - at - kObjectHeaderBytes) break;
    at += kObjectHeaderBytes + padded;
  }
  return heap;
}

std::string_view TextHeap::text(const std::byte* reference) {
  const auto length = little_endian<std::uint32_t>(reference);
  const auto address = little_endian<std::uint64_t>(reference + 4);
  const auto index = little_endian<std::uint32_t>(reference + 12);
  ++num_texts_;
  if (length == 0) return {};
  const Heap& heap = load(address);
  if (index >= heap.object.size() || heap.object[index] == 0) fail(address);
  const std::size_t at = heap.object[index];
  if (length > little_endian<std::uint64_t>(heap.bytes.data() + at + 8)) fail(address);
  const auto* text =
      reinterpret_cast<const char*>(heap.bytes.data() + at + kObjectHeaderBytes);
  return {text, ::strnlen(text, length)};
}

}  // namespace merit
