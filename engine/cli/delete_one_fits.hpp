// SPDX-License-Identifier: MIT
#pragma once

#include "engine/resample/delete_one.hpp"
#include "engine/run/communicator.hpp"

namespace merit {

/// Makes the fits without one group each, shared by all ranks and their threads; every rank has
/// them all at the end, the same bits on any number of either. *Collective*
DeleteOneFits make_delete_one_fits(const Communicator& comm,
                                   const Scheme& scheme,
                                   std::int64_t num_groups,
                                   int threads);

}  // namespace merit
