// SPDX-License-Identifier: MIT
//
// Memory of a node in a build without MPI: of this process.
#include <new>

#include "engine/run/node_memory.hpp"

namespace merit {

struct NodeMemory::Window {};

NodeMemory::NodeMemory(const Communicator&, std::int64_t bytes) {
  const std::align_val_t line{64};
  memory_ = {::operator new(static_cast<std::size_t>(bytes), line),
             [line](void* memory) { ::operator delete(memory, line); }};
}
NodeMemory::NodeMemory(NodeMemory&&) noexcept = default;
NodeMemory& NodeMemory::operator=(NodeMemory&&) noexcept = default;
NodeMemory::~NodeMemory() = default;

void NodeMemory::fence() const {}

}  // namespace merit
