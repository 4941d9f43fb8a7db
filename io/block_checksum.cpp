// SPDX-License-Identifier: MIT
#include "io/block_checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace merit {

std::uint64_t block_checksum(std::int64_t block, const ReplicateBytes& rows) {
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_64bits_reset_withSeed(&state, static_cast<XXH64_hash_t>(block));
  for (const auto& part : {rows.estimate,
                           rows.std_error,
                           rows.inner_share,
                           rows.log_likelihood,
                           rows.status}) {
    XXH3_64bits_update(&state, part.data(), part.size());
  }
  return XXH3_64bits_digest(&state);
}

}  // namespace merit
