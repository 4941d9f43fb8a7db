// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/table.hpp"

namespace merit::testing {

/// A table made by hand, for tests:
///
///     MemoryTable table;
///     table.add("y", {1.0, 2.0, kMissing}).add_bool("flag", {1, 0, 1});
///     table.add("sex", {"female", "male"}, {"male", "female", ""});  // "" is missing
class MemoryTable : public Table {
 public:
  /// A numeric column.
  MemoryTable& add(std::string name, std::vector<double> values) {
    return push(
        {std::move(name), ColumnKind::numeric, false, "float64"}, {}, std::move(values));
  }

  /// A column of 0 and 1 that is stored as booleans.
  MemoryTable& add_bool(std::string name, std::vector<double> values) {
    return push(
        {std::move(name), ColumnKind::numeric, false, "bool"}, {}, std::move(values));
  }

  /// A categorical column from its texts; the empty text is missing.
  MemoryTable& add(std::string name,
                   std::vector<std::string> levels,
                   const std::vector<std::string>& texts,
                   bool ordered = false) {
    std::vector<double> codes;
    codes.reserve(texts.size());
    for (const std::string& text : texts) {
      const auto found = std::find(levels.begin(), levels.end(), text);
      assert(text.empty() || found != levels.end());
      codes.push_back(text.empty() ? kMissing
                                   : static_cast<double>(found - levels.begin()));
    }
    return add_codes(std::move(name), std::move(levels), std::move(codes), ordered);
  }

  /// A categorical column from level indices (NaN is missing).
  MemoryTable& add_codes(std::string name,
                         std::vector<std::string> levels,
                         std::vector<double> codes,
                         bool ordered = false) {
    return push({std::move(name), ColumnKind::categorical, ordered, "categorical (int8)"},
                std::move(levels),
                std::move(codes));
  }

  std::string name() const override { return "memory"; }
  std::int64_t num_rows() const override {
    return values_.empty() ? 0 : static_cast<std::int64_t>(values_.front().size());
  }
  const std::vector<ColumnInfo>& columns() const override { return columns_; }
  const std::vector<std::string>& levels(std::size_t column) override {
    return levels_.at(column);
  }
  std::unique_ptr<RowReader> reader(std::vector<std::size_t> columns) override {
    for (const std::size_t column : columns)
      values_.at(column);
    return std::make_unique<Reader>(*this, std::move(columns));
  }

  /// All values of a column, as `read` gives them.
  const std::vector<double>& values(std::size_t column) const {
    return values_.at(column);
  }

 private:
  class Reader : public RowReader {
   public:
    Reader(const MemoryTable& table, std::vector<std::size_t> columns)
        : table_(table), columns_(std::move(columns)) {}
    void read(std::int64_t first, std::int64_t count, RowBlock& block) override {
      block.first_row = first;
      block.num_rows = count;
      block.columns.resize(columns_.size());
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto begin = table_.values_[columns_[i]].begin() + first;
        block.columns[i].assign(begin, begin + count);
        block.note_finite(i);
      }
    }

   private:
    const MemoryTable& table_;
    std::vector<std::size_t> columns_;
  };

  MemoryTable& push(ColumnInfo info,
                    std::vector<std::string> levels,
                    std::vector<double> values) {
    assert(values_.empty() || values.size() == values_.front().size());
    columns_.push_back(std::move(info));
    levels_.push_back(std::move(levels));
    values_.push_back(std::move(values));
    return *this;
  }

  std::vector<ColumnInfo> columns_;
  std::vector<std::vector<std::string>> levels_;
  std::vector<std::vector<double>> values_;
};

}  // namespace merit::testing
