// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/part_file.hpp"
#include "io/result_layout.hpp"
#include "io/result_store.hpp"

// Shared by io/checkpoint.cpp and io/shared_part.cpp only.

namespace merit {

/// What a block's byte in /replicates/committed says.
enum class BlockMark : std::uint8_t {
  none = 0,     ///< rows undefined
  durable = 1,  ///< rows are on the disk
  written = 2,  ///< rows were handed to the operating system
};

/// The blocks of a part file at their places: what is written and read of them, and in which
/// order. Holds no state, so that several threads and processes can write different blocks.
/// A block's index is its number in the file.
class PartBlocks {
 public:
  PartBlocks(PartFile& file, const ReplicatePlan& plan, const ReplicatePlaces& places)
      : file_(file), plan_(plan), places_(places) {}

  const ReplicatePlan& plan() const { return plan_; }
  std::int64_t num_rows(std::int64_t index) const;

  /// The number in the file of the block that these rows are.
  /// @throws std::logic_error if they are not one block of the plan
  std::int64_t index_of(std::int64_t first, const ReplicateBytes& rows) const;

  /// Rows, their checksum, the mark `written`: in this order (io/checkpoint.hpp).
  /// @throws IoError
  void write(std::int64_t index, const ReplicateBytes& rows);

  void write_rows(std::int64_t index, const ReplicateBytes& rows);
  void write_mark(std::int64_t index, std::int64_t count, BlockMark mark);

  /// All that is stored of a block's rows, in `buffer`. @throws IoError
  ReplicateBytes read(std::int64_t index, std::vector<std::byte>& buffer) const;

  /// Whether rows are those whose checksum is stored. @throws IoError
  bool checksum_is_right(std::int64_t index, const ReplicateBytes& rows) const;

  /// Its estimates and statuses. @throws IoError
  void read_estimates(std::int64_t index,
                      std::vector<double>& estimates,
                      std::vector<std::uint8_t>& status) const;
  /// Nothing if they are not kept. @throws IoError
  void read_std_errors(std::int64_t index, std::vector<double>& std_errors) const;

 private:
  PartFile& file_;
  const ReplicatePlan plan_;
  const ReplicatePlaces places_;
};

}  // namespace merit
