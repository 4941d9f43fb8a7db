// SPDX-License-Identifier: MIT
#pragma once

#include "engine/run/communicator.hpp"

namespace merit::test {

/// All ranks of this test; one communicator for all cases, as in the program.
inline const Communicator& world() {
  static const Communicator comm = Communicator::world();
  return comm;
}

}  // namespace merit::test
