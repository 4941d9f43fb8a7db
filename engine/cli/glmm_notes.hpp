// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/cli/model_data.hpp"
#include "engine/model/design.hpp"

namespace merit {

/// What a reader should know of responses that are no error: categories that no row has, and
/// groups whose rows all have the same response (their intercepts are held by the others'
/// alone).
/// @param categories  of an ordinal response, the values that occur, ascending
std::vector<std::string> response_notes(const ModelData& data,
                                        const Design& design,
                                        const std::vector<double>& categories);

/// Says which estimates are infinite, and why.
/// @param diverging  as in GlmmFit
std::string diverging_message(const ModelData& data,
                              const std::vector<Eigen::Index>& diverging);

}  // namespace merit
