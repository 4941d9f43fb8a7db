// SPDX-License-Identifier: MIT
//
// Memory of a node in a build without MPI: of this process.
#include <new>

#include "engine/run/node_memory.hpp"

namespace merit {

struct NodeMemory::Window {};

NodeMemory::NodeMemory(const Communicator&, std::int64_t bytes) {
  constexpr std::align_val_t kAtLines{64};
  memory_ = {::operator new(static_cast<std::size_t>(bytes), kAtLines),
             [](void* memory) { ::operator delete(memory, kAtLines); }};
}
NodeMemory::NodeMemory(NodeMemory&&) noexcept = default;
NodeMemory& NodeMemory::operator=(NodeMemory&&) noexcept = default;
NodeMemory::~NodeMemory() = default;

void NodeMemory::fence() const {}

}  // namespace merit
