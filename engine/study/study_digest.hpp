// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "engine/study/study.hpp"

namespace merit {

/// Everything that a study's rows are a function of besides its snapshots, as text: two studies with
/// the same text and the same snapshots give the same bits. Title, estimands, intervals and names of estimators are not in it; they
/// only say what is shown of the rows.
std::string canonical_text(const Study& study);

}  // namespace merit
