// SPDX-License-Identifier: MIT
#include "io/snapshot_reader.hpp"

#include <bit>
#include <cassert>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace merit {
namespace {

/// Whether values are stored as a vector of doubles is in memory.
bool is_native_double(const hdf5::Type& type) {
  return type.type_class == hdf5::TypeClass::floating && type.size == sizeof(double) &&
         type.big_endian == (std::endian::native == std::endian::big);
}

class SnapshotReader final : public RowReader {
 public:
  SnapshotReader(const ValueFile& file,
                 std::string table,
                 const Catalogue& catalogue,
                 std::vector<ColumnToRead> columns)
      : table_(std::move(table)),
        num_rows_(catalogue.num_rows),
        columns_(std::move(columns)) {
    for (const ColumnToRead& c : columns_) {
      Sources& sources = sources_.emplace_back();
      const Column& column = *c.column;
      const StoredVector& stored = column.values ? *column.values : *catalogue.compound;
      if (!parts_) parts_.emplace(file, stored.location.user_block);
      if (column.values) sources.values.emplace(file, *column.values);
      if (column.mask) sources.mask.emplace(file, *column.mask);
    }
    if (catalogue.compound) rows_.emplace(file, *catalogue.compound);
  }

  void read(std::int64_t first, std::int64_t count, RowBlock& block) override {
    assert(first >= 0 && count >= 0 && first <= num_rows_ - count);
    block.first_row = first;
    block.num_rows = count;
    block.columns.resize(columns_.size());
    for (std::vector<double>& column : block.columns)
      column.resize(static_cast<std::size_t>(count));
    if (rows_ && !columns_.empty()) read_members(block);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!rows_) {
        naming(table_, "column " + columns_[i].column->info.name, [&] {
          read_column(i, first, block.columns[i]);
        });
      }
      block.note_finite(i);  // while it is in the first cache
    }
  }

 private:
  struct Sources {
    std::optional<VectorReader> values;  // none in a compound dataset
    std::optional<VectorReader> mask;
  };

  void read_column(std::size_t i, std::int64_t first, std::span<double> out) {
    const Column& column = *columns_[i].column;
    const std::int64_t count = std::ssize(out);
    const auto part = [&](std::int64_t at, std::size_t rows) {
      return out.subspan(static_cast<std::size_t>(at - first), rows);
    };
    VectorReader& values = *sources_[i].values;
    if (is_native_double(column.type)) {
      values.read(first, count, std::as_writable_bytes(out));
    } else {
      parts_->read(values, first, count, [&](auto at, auto rows, const auto& raw) {
        decode(column, raw, at, *columns_[i].index, part(at, rows));
      });
    }
    if (!column.mask) return;
    parts_->read(
        *sources_[i].mask, first, count, [&](auto at, auto rows, const auto& raw) {
          apply_mask(column.mask->type, raw, part(at, rows));
        });
  }

  /// Compound dataset: each row holds the values of all columns.
  void read_members(RowBlock& block) {
    const std::int64_t first = block.first_row;
    const auto decode_member =
        [&](std::size_t i, std::int64_t at, std::size_t rows, RawValues raw) {
          const Column& column = *columns_[i].column;
          raw.begin += column.member_offset;
          const std::span<double> out(block.columns[i]);
          const auto from = static_cast<std::size_t>(at - first);
          naming(table_, "column " + column.info.name, [&] {
            decode(column, raw, at, *columns_[i].index, out.subspan(from, rows));
          });
        };
    parts_->read(*rows_, first, block.num_rows, [&](auto at, auto rows, const auto& raw) {
      for (std::size_t i = 0; i < columns_.size(); ++i)
        decode_member(i, at, rows, raw);
    });
  }

  const std::string table_;
  const std::int64_t num_rows_;
  const std::vector<ColumnToRead> columns_;
  std::vector<Sources> sources_;
  std::optional<VectorReader> rows_;  // of the compound dataset
  std::optional<PartReader> parts_;
};

}  // namespace

std::unique_ptr<RowReader> make_snapshot_reader(const ValueFile& file,
                                                const std::string& table,
                                                const Catalogue& catalogue,
                                                std::vector<ColumnToRead> columns) {
  return std::make_unique<SnapshotReader>(file, table, catalogue, std::move(columns));
}

}  // namespace merit
