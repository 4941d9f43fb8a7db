// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "engine/bytes.hpp"
#include "io/part_file.hpp"
#include "io/result_layout.hpp"
#include "io/result_store.hpp"

// Shared by io/result_writer.cpp and io/shared_part.cpp only.

namespace merit {

/// All that another process of this machine needs to write blocks into a part.
struct PartAccess {
  std::string path;
  FileIdentity identity;
  ReplicatePlan plan;
  ReplicatePlaces places;
};

Bytes pack(const PartAccess& access);
PartAccess unpack_part_access(std::span<const std::byte> bytes);

}  // namespace merit
