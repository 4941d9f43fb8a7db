// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace merit {

// XXH3_128bits_update of a state from <xxhash.h>, compiled per instruction-set level: the
// library's hash, at the speed of this processor's registers.
namespace simd_v2 {
void update_xxh3(void* state, const void* bytes, std::size_t count);
}
namespace simd_v3 {
void update_xxh3(void* state, const void* bytes, std::size_t count);
}
namespace simd_v4 {
void update_xxh3(void* state, const void* bytes, std::size_t count);
}

}  // namespace merit
