// SPDX-License-Identifier: MIT
#include "io/vector_reader.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/filters.hpp"

namespace merit {

using hdf5::Location;

void VectorReader::read(std::int64_t first,
                        std::int64_t count,
                        std::span<std::byte> out) {
  const Location& at = vector_->location;
  const auto row = static_cast<std::int64_t>(row_bytes());
  assert(first >= 0 && count >= 0 && first <= vector_->num_rows - count);
  assert(std::ssize(out) == count * row);
  if (count == 0) return;
  if (at.kind == Location::Kind::contiguous) {
    file_->read_at(at.offset + first * row, out);
    return;
  }
  if (at.kind == Location::Kind::inside) {
    std::memcpy(out.data(), at.bytes.data() + first * row, out.size());
    return;
  }
  while (count > 0) {
    const std::int64_t within = first % at.chunk_rows;
    const std::int64_t part = std::min(count, at.chunk_rows - within);
    load_chunk(static_cast<std::size_t>(first / at.chunk_rows));
    const auto bytes = static_cast<std::size_t>(part * row);
    std::memcpy(out.data(), chunk_.data() + within * row, bytes);
    out = out.subspan(bytes);
    first += part;
    count -= part;
  }
}

void VectorReader::load_chunk(std::size_t index) {
  if (loaded_ == index) return;
  const Location& at = vector_->location;
  const hdf5::Chunk& chunk = at.chunks[index];
  const std::size_t expected = static_cast<std::size_t>(at.chunk_rows) * row_bytes();
  loaded_ = SIZE_MAX;
  chunk_.resize(static_cast<std::size_t>(chunk.bytes));
  file_->read_at(chunk.offset, chunk_);
  const bool sound =
      undo_filters(at.filters, chunk.skipped_filters, expected, chunk_, spare_);
  if (!sound || chunk_.size() != expected) {
    throw IoError(fmt::format(
        "is damaged: the {} bytes at byte {} of the file are not what was written",
        chunk.bytes,
        chunk.offset));
  }
  loaded_ = index;
}

}  // namespace merit
