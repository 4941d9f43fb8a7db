// SPDX-License-Identifier: MIT
#include "io/filters.hpp"

#include <cstring>
#include <utility>

#include <zlib.h>

namespace merit {
namespace {

constexpr int kDeflate = 1;
constexpr int kShuffle = 2;
constexpr int kFletcher32 = 3;
constexpr std::size_t kChecksumBytes = 4;

bool inflate(std::size_t expected,
             std::vector<std::byte>& bytes,
             std::vector<std::byte>& spare) {
  // A checksum may have been added before compression.
  spare.resize(expected + kChecksumBytes);
  uLongf size = spare.size();
  const int status = ::uncompress(reinterpret_cast<Bytef*>(spare.data()),
                                  &size,
                                  reinterpret_cast<const Bytef*>(bytes.data()),
                                  bytes.size());
  if (status != Z_OK) return false;
  spare.resize(size);
  std::swap(bytes, spare);
  return true;
}

/// Shuffling puts the first bytes of all values first, then their second bytes, and so on;
/// what is left over at the end stays.
template <std::size_t kSize>
void unshuffle(std::size_t count, const std::byte* from, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t b = 0; b < kSize; ++b)
      to[i * kSize + b] = from[b * count + i];
  }
}

bool unshuffle(std::size_t size,
               std::vector<std::byte>& bytes,
               std::vector<std::byte>& spare) {
  if (size == 0) return false;
  const std::size_t count = bytes.size() / size;
  if (size == 1 || count <= 1) return true;
  spare.resize(bytes.size());
  switch (size) {
    case 2:
      unshuffle<2>(count, bytes.data(), spare.data());
      break;
    case 4:
      unshuffle<4>(count, bytes.data(), spare.data());
      break;
    case 8:
      unshuffle<8>(count, bytes.data(), spare.data());
      break;
    default:
      for (std::size_t b = 0; b < size; ++b) {
        for (std::size_t i = 0; i < count; ++i) {
          spare[i * size + b] = bytes[b * count + i];
        }
      }
  }
  const std::size_t whole = count * size;
  std::memcpy(spare.data() + whole, bytes.data() + whole, bytes.size() - whole);
  std::swap(bytes, spare);
  return true;
}

/// HDF5's variant of Fletcher's checksum: 16-bit words in big-endian order.
std::uint32_t fletcher32(std::span<const std::byte> bytes) {
  constexpr std::size_t kWordsPerFold = 360;  // sums of so many cannot overflow
  std::uint32_t sum1 = 0;
  std::uint32_t sum2 = 0;
  const auto fold = [](std::uint32_t sum) { return (sum & 0xffff) + (sum >> 16); };
  std::size_t words = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const auto high = std::to_integer<std::uint32_t>(bytes[i]);
    const auto low =
        i + 1 < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + 1]) : 0;
    sum1 += high << 8 | low;
    sum2 += sum1;
    if (++words % kWordsPerFold == 0) {
      sum1 = fold(sum1);
      sum2 = fold(sum2);
    }
  }
  sum1 = fold(fold(sum1));
  sum2 = fold(fold(sum2));
  return sum2 << 16 | sum1;
}

bool verify_checksum(std::vector<std::byte>& bytes) {
  if (bytes.size() < kChecksumBytes) return false;
  const std::size_t size = bytes.size() - kChecksumBytes;
  std::uint32_t stored = 0;
  for (std::size_t b = kChecksumBytes; b-- > 0;) {
    stored = stored << 8 | std::to_integer<std::uint32_t>(bytes[size + b]);
  }
  if (fletcher32(std::span(bytes).first(size)) != stored) return false;
  bytes.resize(size);
  return true;
}

}  // namespace

bool undo_filters(std::span<const hdf5::Filter> filters,
                  std::uint32_t skipped,
                  std::size_t expected,
                  std::vector<std::byte>& bytes,
                  std::vector<std::byte>& spare) {
  for (std::size_t i = filters.size(); i-- > 0;) {
    if (i < 32 && (skipped >> i & 1U) != 0) continue;
    bool done = false;
    switch (filters[i].id) {
      case kDeflate:
        done = inflate(expected, bytes, spare);
        break;
      case kShuffle:
        done =
            !filters[i].values.empty() && unshuffle(filters[i].values[0], bytes, spare);
        break;
      case kFletcher32:
        done = verify_checksum(bytes);
        break;
      default:
        break;
    }
    if (!done) return false;
  }
  return true;
}

}  // namespace merit
