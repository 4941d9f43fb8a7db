// SPDX-License-Identifier: MIT
#include "io/xxh3_kernel.hpp"

#define XXH_INLINE_ALL  // static functions: nothing that the linker could share
#include <xxhash.h>

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {

void update_xxh3(void* state, const void* bytes, std::size_t count) {
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state), bytes, count);
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
