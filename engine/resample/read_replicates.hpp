// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace merit {

/// Takes stored replicates [first, first + status.size()): estimates and, where they are asked
/// for, standard errors, row by row.
using UseReplicates = std::function<void(std::int64_t first,
                                         std::span<const double> estimates,
                                         std::span<const double> std_errors,
                                         std::span<const std::uint8_t> status)>;

/// Hands all of them to `use`, block by block.
using ReadReplicates = std::function<void(const UseReplicates& use)>;

}  // namespace merit
