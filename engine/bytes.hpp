// SPDX-License-Identifier: MIT
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace merit {

/// What travels between ranks and from a task to its sink: values copied byte for byte, so
/// that doubles keep every bit. Never written to a file; all ranks run the same executable.
using Bytes = std::vector<std::byte>;

template <class T>
concept PlainValue = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>;

/// Writes values one behind the other.
class ByteWriter {
 public:
  template <PlainValue T>
  void put(const T& value) {
    put_raw(&value, sizeof value);
  }
  /// Length, then the values: read back with ByteReader::take_vector<T>().
  template <PlainValue T>
  void put_all(std::span<const T> values) {
    put(static_cast<std::int64_t>(values.size()));
    put_raw(values.data(), values.size_bytes());
  }
  void put_text(std::string_view text) {
    put_all(std::span<const char>(text.data(), text.size()));
  }
  Bytes take() { return std::move(bytes_); }

 private:
  void put_raw(const void* from, std::size_t size) {
    if (size == 0) return;
    const std::size_t end = bytes_.size();
    bytes_.resize(end + size);
    std::memcpy(bytes_.data() + end, from, size);
  }
  Bytes bytes_;
};

/// Reads them back in the same order. Reading past the end is our bug.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <PlainValue T>
  T take() {
    T value;
    std::memcpy(&value, take_raw(sizeof(T)).data(), sizeof(T));
    return value;
  }
  template <PlainValue T>
  std::vector<T> take_vector() {
    std::vector<T> values(static_cast<std::size_t>(take<std::int64_t>()));
    const auto raw = take_raw(values.size() * sizeof(T));
    if (!raw.empty()) std::memcpy(values.data(), raw.data(), raw.size());
    return values;
  }
  std::string take_text() {
    const auto raw = take_raw(static_cast<std::size_t>(take<std::int64_t>()));
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }
  /// The bytes that put_all wrote, without a copy: valid as long as the source.
  std::span<const std::byte> take_bytes() {
    return take_raw(static_cast<std::size_t>(take<std::int64_t>()));
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::span<const std::byte> take_raw(std::size_t size) {
    assert(size <= rest_.size());
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::span<const std::byte> rest_;
};

}  // namespace merit
