// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/random/stream.hpp"
#include "engine/resample/group_pool.hpp"

namespace merit {

/// Strata that groups are drawn within. Of the J draws of a replicate the j-th takes a group from
/// the stratum of group j, so that every replicate has as many groups of each stratum as the
/// data have. One stratum of all groups is the ordinary bootstrap, to the bit.
/// Source: Davison & Hinkley (1997), Bootstrap Methods and their Application, § 3.2.
class Strata {
 public:
  /// @param stratum  J, the number of each group's stratum (0, 1, …); empty: one of all groups
  Strata(std::int64_t num_groups, const std::vector<std::int32_t>& stratum);

  /// The group in place of group `slot`. The stream's next number decides.
  std::int64_t draw(std::int64_t slot, Stream& stream) const {
    const GroupPool pool = pool_[static_cast<std::size_t>(slot)];
    return member_[static_cast<std::size_t>(pool.first + stream.index(pool.count))];
  }

  std::int64_t num_groups() const { return std::ssize(pool_); }
  const GroupPool* pools() const { return pool_.data(); }         ///< J
  const std::int32_t* members() const { return member_.data(); }  ///< J, by stratum

 private:
  std::vector<GroupPool> pool_;
  std::vector<std::int32_t> member_;
};

}  // namespace merit
