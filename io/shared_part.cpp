// SPDX-License-Identifier: MIT
#include "io/shared_part.hpp"

#include <string>
#include <utility>

#include "engine/error.hpp"
#include "io/part_access.hpp"
#include "io/part_blocks.hpp"
#include "io/part_file.hpp"

namespace merit {

Bytes pack(const PartAccess& access) {
  ByteWriter writer;
  writer.put_text(access.path);
  writer.put(access.identity);
  writer.put(access.plan);
  writer.put(access.places);
  return writer.take();
}

PartAccess unpack_part_access(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  PartAccess access;
  access.path = reader.take_text();
  access.identity = reader.take<FileIdentity>();
  access.plan = reader.take<ReplicatePlan>();
  access.places = reader.take<ReplicatePlaces>();
  return access;
}

struct SharedPart::State {
  PartFile file;
  PartBlocks blocks;

  explicit State(const PartAccess& access)
      : file(access.path), blocks(file, access.plan, access.places) {}
};

SharedPart::SharedPart(std::unique_ptr<State> state) : state_(std::move(state)) {}
SharedPart::SharedPart(SharedPart&&) noexcept = default;
SharedPart& SharedPart::operator=(SharedPart&&) noexcept = default;
SharedPart::~SharedPart() = default;

std::optional<SharedPart> SharedPart::open(std::span<const std::byte> bytes) {
  const PartAccess access = unpack_part_access(bytes);
  try {
    auto state = std::make_unique<State>(access);
    if (state->file.identity() != access.identity) return std::nullopt;
    return SharedPart(std::move(state));
  } catch (const IoError&) {
    return std::nullopt;  // another file system than the writer's: a container, say
  }
}

void SharedPart::write_block(std::int64_t first, const ReplicateBytes& rows) {
  PartBlocks& blocks = state_->blocks;
  blocks.write(blocks.index_of(first, rows), rows);
}

std::int64_t SharedPart::num_blocks() const {
  return state_->blocks.plan().blocks().count;
}

void SharedPart::read_estimates(std::int64_t index,
                                std::vector<double>& estimates,
                                std::vector<std::uint8_t>& status) const {
  state_->blocks.read_estimates(index, estimates, status);
}

void SharedPart::read_std_errors(std::int64_t index,
                                 std::vector<double>& std_errors) const {
  state_->blocks.read_std_errors(index, std_errors);
}

}  // namespace merit
