// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/bytes.hpp"
#include "io/result_store.hpp"

namespace merit {

/// The part that another process of this machine has laid out (ResultWriter::access), for
/// writing blocks to their places and reading them back.
///
/// *Why only on one machine.* Processes of one machine share the operating system's cache of
/// a file: each sees at once what another wrote, two that write to one page lose nothing, and
/// an fsync by one covers all. Across machines none of this is sure (NFS).
///
/// A block is committed as io/checkpoint.hpp says; the process that made the part has to be
/// told of it (ResultWriter::note_block).
class SharedPart {
 public:
  /// Nothing if the file is not to be had here, or the path leads to another one.
  static std::optional<SharedPart> open(std::span<const std::byte> access);
  SharedPart(SharedPart&&) noexcept;
  SharedPart& operator=(SharedPart&&) noexcept;
  SharedPart(const SharedPart&) = delete;
  SharedPart& operator=(const SharedPart&) = delete;
  ~SharedPart();

  /// Writes the replicates [first, first + rows.count): one whole block. By several threads
  /// for different blocks. @throws IoError  @throws std::logic_error if they are no block
  void write_block(std::int64_t first, const ReplicateBytes& rows);

  std::int64_t num_blocks() const;

  /// Estimates and statuses of a block of this file, counted from 0, once it is written.
  /// @throws IoError
  void read_estimates(std::int64_t index,
                      std::vector<double>& estimates,
                      std::vector<std::uint8_t>& status) const;

  /// The same of its standard errors; nothing if they are not kept. @throws IoError
  void read_std_errors(std::int64_t index, std::vector<double>& std_errors) const;

 private:
  struct State;
  explicit SharedPart(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace merit
