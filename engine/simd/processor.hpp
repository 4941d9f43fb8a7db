// SPDX-License-Identifier: MIT
#pragma once

namespace merit {

/// Whether this processor has x86-64-v2, the lowest level that kernels are compiled for.
bool has_lowest_simd_level();

/// For main, before anything else: a rank that cannot compute ends before others wait for it.
/// @throws UsageError that says what the processor lacks
void check_processor(bool has_lowest_level = has_lowest_simd_level());

}  // namespace merit
