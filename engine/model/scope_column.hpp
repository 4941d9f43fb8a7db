// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "engine/model/bound_expression.hpp"
#include "engine/model/table.hpp"

namespace merit {

/// A column of a table as expressions see it. @throws IoError if its levels cannot be read
ScopeColumn scope_column(Table& table, std::size_t index);

}  // namespace merit
