// SPDX-License-Identifier: MIT
#pragma once

// Parts of the snapshot reader; others use io/snapshot.hpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/table.hpp"
#include "io/catalogue.hpp"
#include "io/decode.hpp"
#include "io/text_heap.hpp"
#include "io/value_file.hpp"
#include "io/vector_reader.hpp"

namespace merit {

/// Does what may find a table damaged; messages then begin with its name and `what`.
template <class Action>
void naming(const std::string& table, const std::string& what, const Action& action) {
  const auto text = [&](const Error& error) {
    return fmt::format("{}: {} {}", table, what, error.what());
  };
  try {
    action();
  } catch (const DataError& error) {
    throw DataError(text(error));
  } catch (const IoError& error) {
    throw IoError(text(error));
  }
}

/// Reads a range of stored values in parts that fit into memory.
class PartReader {
 public:
  PartReader(const ValueFile& file, std::int64_t user_block) : heap_(file, user_block) {}

  /// Calls use(part's first row, rows, raw values) for the parts of rows
  /// [first, first + count).
  template <class Use>
  void read(VectorReader& reader, std::int64_t first, std::int64_t count, Use use) {
    const std::size_t row = reader.row_bytes();
    const auto part =
        static_cast<std::int64_t>(std::max(std::size_t{1}, kPartBytes / row));
    for (std::int64_t done = 0; done < count; done += part) {
      const std::int64_t rows = std::min(part, count - done);
      bytes_.resize(static_cast<std::size_t>(rows) * row);
      reader.read(first + done, rows, bytes_);
      use(first + done,
          static_cast<std::size_t>(rows),
          RawValues{bytes_.data(), row, heap_});
    }
  }

 private:
  static constexpr std::size_t kPartBytes = std::size_t{1} << 22;
  std::vector<std::byte> bytes_;  // kept for its memory
  TextHeap heap_;
};

/// One column that is to be read.
struct ColumnToRead {
  const Column* column = nullptr;
  const LevelIndex* index = nullptr;  ///< of text
};

/// Reads rows of some columns of a snapshot. The catalogue has been distrusted, the columns
/// can be used; all that is given must outlive the reader.
std::unique_ptr<RowReader> make_snapshot_reader(const ValueFile& file,
                                                const std::string& table,
                                                const Catalogue& catalogue,
                                                std::vector<ColumnToRead> columns);

}  // namespace merit
