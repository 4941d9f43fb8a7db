// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/fit/glm_family.hpp"
#include "engine/model/packed_rows.hpp"

namespace merit {

/// Whether a drawn response can be fitted at all: it varies, and no category is missing.
/// @param y             as rows.y
/// @param multiplicity  J, how often each group counts; null: once
bool can_be_fitted(const GlmFamily& family,
                   const PackedRows& rows,
                   const std::int32_t* y,
                   const double* multiplicity);

}  // namespace merit
