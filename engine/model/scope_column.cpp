// SPDX-License-Identifier: MIT
#include "engine/model/scope_column.hpp"

namespace merit {

ScopeColumn scope_column(Table& table, std::size_t index) {
  const ColumnInfo& info = table.columns()[index];
  ScopeColumn column;
  column.name = info.name;
  column.ordered = info.ordered;
  if (info.kind == ColumnKind::categorical) {
    column.type = ValueType::categorical;
    column.levels = table.levels(index);
  } else if (info.stored_as.starts_with("bool")) {
    column.type = ValueType::logical;
  }
  return column;
}

}  // namespace merit
