// SPDX-License-Identifier: MIT
#include "io/snapshot.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/catalogue.hpp"
#include "io/snapshot_reader.hpp"

namespace merit {
namespace {

void require_usable_columns(const Catalogue& catalogue, const std::string& name) {
  const bool any = std::any_of(catalogue.columns.begin(),
                               catalogue.columns.end(),
                               [](const Column& c) { return c.problem.empty(); });
  if (any) return;
  if (catalogue.columns.empty()) throw DataError(name + ": has no columns");
  const Column& first = catalogue.columns.front();
  const std::string text = fmt::format(
      "{}: has no usable column; {} {}", name, first.info.name, first.problem);
  if (first.damaged) throw IoError(text);
  throw DataError(text);
}

/// A data frame in an HDF5 file.
class Snapshot final : public Table {
 public:
  Snapshot(const std::string& path, std::string name, Catalogue catalogue)
      : file_(path), name_(std::move(name)), catalogue_(std::move(catalogue)) {
    distrust_catalogue();
    for (const Column& column : catalogue_.columns)
      infos_.push_back(column.info);
    levels_.resize(infos_.size());
  }

  std::string name() const override { return name_; }
  std::int64_t num_rows() const override { return catalogue_.num_rows; }
  const std::vector<ColumnInfo>& columns() const override { return infos_; }

  const std::vector<std::string>& levels(std::size_t column) override;
  std::unique_ptr<RowReader> reader(std::vector<std::size_t> columns) override;

 private:
  struct Levels {
    bool known = false;
    std::vector<std::string> texts;
    LevelIndex index;  ///< of text
  };

  void distrust_catalogue();
  const Column& usable(std::size_t column) const;
  void read_categories(const Column& column, Levels& levels) const;
  void find_text_levels(const Column& column, Levels& levels) const;

  ValueFile file_;
  std::string name_;
  Catalogue catalogue_;
  std::vector<ColumnInfo> infos_;
  std::vector<Levels> levels_;
};

void Snapshot::distrust_catalogue() {
  try {
    distrust(catalogue_, file_.size());
  } catch (const IoError& error) {
    throw IoError(name_ + ": " + error.what());
  }
  require_usable_columns(catalogue_, name_);
}

const Column& Snapshot::usable(std::size_t column) const {
  const Column& c = catalogue_.columns.at(column);
  if (!c.problem.empty()) {
    const std::string text =
        fmt::format("{}: column {} {}", name_, c.info.name, c.problem);
    if (c.damaged) throw IoError(text);
    throw DataError(text);
  }
  return c;
}

const std::vector<std::string>& Snapshot::levels(std::size_t column) {
  const Column& c = usable(column);
  Levels& levels = levels_[column];
  if (levels.known) return levels.texts;
  naming(name_, "column " + c.info.name, [&] {
    if (c.encoding == Encoding::codes) read_categories(c, levels);
    if (c.encoding == Encoding::text) find_text_levels(c, levels);
    if (c.encoding != Encoding::enumeration) return;
    for (const hdf5::EnumValue& v : c.type.values)
      levels.texts.push_back(v.name);
  });
  levels.known = true;
  return levels.texts;
}

void Snapshot::read_categories(const Column& c, Levels& levels) const {
  std::vector<std::string> texts;
  VectorReader reader(file_, *c.categories);
  PartReader(file_, c.categories->location.user_block)
      .read(reader,
            0,
            c.categories->num_rows,
            [&](auto, std::size_t rows, const auto& raw) {
              for (std::string& text : level_texts(c.categories->type, raw, rows))
                texts.push_back(std::move(text));
            });
  std::unordered_set<std::string_view> seen;
  for (const std::string& text : texts) {
    if (!seen.insert(text).second) {
      throw DataError(fmt::format("has the category \"{}\" twice", text));
    }
  }
  levels.texts = std::move(texts);
}

void Snapshot::find_text_levels(const Column& c, Levels& levels) const {
  const StoredVector& stored = c.values ? *c.values : *catalogue_.compound;
  VectorReader reader(file_, stored);
  std::optional<VectorReader> mask;
  if (c.mask) mask.emplace(file_, *c.mask);
  std::unordered_set<std::string> distinct;
  std::string text;
  std::vector<std::byte> masked;
  const auto add = [&](std::int64_t at, std::size_t rows, RawValues raw) {
    raw.begin += c.member_offset;
    std::vector<double> missing(rows, 0.0);
    if (mask) {
      masked.resize(rows * mask->row_bytes());
      mask->read(at, static_cast<std::int64_t>(rows), masked);
      apply_mask(c.mask->type, {masked.data(), mask->row_bytes(), raw.heap}, missing);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      if (missing[row] != 0.0) continue;  // NaN too
      text = text_of(c.type, raw, row);
      if (!is_missing_text(c, text)) distinct.insert(text);
    }
  };
  PartReader(file_, stored.location.user_block).read(reader, 0, num_rows(), add);
  levels.texts.assign(distinct.begin(), distinct.end());
  std::sort(levels.texts.begin(), levels.texts.end());
  for (std::size_t level = 0; level < levels.texts.size(); ++level) {
    levels.index.emplace(levels.texts[level], static_cast<double>(level));
  }
}

std::unique_ptr<RowReader> Snapshot::reader(std::vector<std::size_t> columns) {
  std::vector<ColumnToRead> to_read;
  for (const std::size_t column : columns) {
    const Column& c = usable(column);
    if (c.encoding == Encoding::text) levels(column);
    to_read.push_back({&c, &levels_[column].index});
  }
  return make_snapshot_reader(file_, name_, catalogue_, std::move(to_read));
}

}  // namespace

std::unique_ptr<Table> open_snapshot(const std::string& path, const std::string& table) {
  const std::string inside = table_path(table);
  return open_catalogued(path, inside, catalogue(path, inside, Surroundings::left_out));
}

std::string examine_snapshot(const std::string& path, const std::string& table) {
  return pack(catalogue(path, table_path(table), Surroundings::left_out));
}

std::unique_ptr<Table> open_examined_snapshot(const std::string& path,
                                              const std::string& table,
                                              const std::string& examined) {
  return open_catalogued(path, table_path(table), unpack(examined));
}

std::unique_ptr<Table> open_catalogued(const std::string& path,
                                       const std::string& table,
                                       Catalogue catalogue) {
  return std::make_unique<Snapshot>(
      path, path + " (" + table + ")", std::move(catalogue));
}

}  // namespace merit
