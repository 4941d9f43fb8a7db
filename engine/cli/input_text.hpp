// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/run/communicator.hpp"

namespace merit {

/// A file's text, on every rank. @param wanted  what it should be, for the message
/// @throws InputError. *Collective*
std::string read_text(const Communicator& comm,
                      const std::string& path,
                      const std::string& wanted);

}  // namespace merit
