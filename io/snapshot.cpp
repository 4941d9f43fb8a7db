// SPDX-License-Identifier: MIT
#include "io/snapshot.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <optional>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/catalogue.hpp"
#include "io/decode.hpp"
#include "io/text_heap.hpp"
#include "io/value_file.hpp"
#include "io/vector_reader.hpp"

namespace merit {
namespace {

/// Bytes of stored values read at a time, where they are not read in place.
constexpr std::size_t kReadBytes = std::size_t{1} << 22;

/// Whether values are stored as a vector of doubles is in memory.
bool is_native_double(const hdf5::Type& type) {
  return type.type_class == hdf5::TypeClass::floating && type.size == sizeof(double) &&
         type.big_endian == (std::endian::native == std::endian::big);
}

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

/// A data frame in an HDF5 file, read in blocks.
class Snapshot final : public Table {
 public:
  Snapshot(const std::string& path, std::string name, Catalogue catalogue)
      : file_(path), name_(std::move(name)), catalogue_(std::move(catalogue)) {
    distrust_catalogue();
    for (const Column& column : catalogue_.columns)
      infos_.push_back(column.info);
    for (const Column& column : catalogue_.columns)
      open_column(column);
    if (catalogue_.compound) {
      rows_.emplace(file_, *catalogue_.compound);
    }
  }

  std::string name() const override { return name_; }
  std::int64_t num_rows() const override { return catalogue_.num_rows; }
  const std::vector<ColumnInfo>& columns() const override { return infos_; }

  const std::vector<std::string>& levels(std::size_t column) override;
  void read(std::int64_t first,
            std::int64_t count,
            std::span<const std::size_t> columns,
            RowBlock& block) override;

 private:
  /// What reading a column takes and what is known of it by now.
  struct State {
    std::optional<VectorReader> values;  ///< none in a compound dataset
    std::optional<VectorReader> mask;
    bool levels_known = false;
    std::vector<std::string> levels;
    LevelIndex index;  ///< of text
  };

  void distrust_catalogue();
  void open_column(const Column& column);
  const Column& usable(std::size_t column) const;
  void read_categories(const Column& column, State& state);
  void find_text_levels(const Column& column, State& state);
  void read_column(std::size_t column, std::int64_t first, std::span<double> out);
  void read_members(std::int64_t first,
                    std::span<const std::size_t> columns,
                    RowBlock& block);

  /// Does what may find the file damaged; messages then begin with the table and `what`.
  template <class Action>
  void naming(const std::string& what, const Action& action) const;

  /// Reads a range in parts that fit into memory: `use(part's first row, rows, raw values)`.
  template <class Use>
  void in_parts(VectorReader& reader, std::int64_t first, std::int64_t count, Use use);

  ValueFile file_;
  std::string name_;
  Catalogue catalogue_;
  std::vector<ColumnInfo> infos_;
  std::vector<State> states_;
  std::optional<VectorReader> rows_;  ///< of the compound dataset
  std::vector<std::byte> bytes_;      ///< kept for its memory
  std::optional<TextHeap> heap_;
};

void Snapshot::distrust_catalogue() {
  try {
    distrust(catalogue_, file_.size());
  } catch (const IoError& error) {
    throw IoError(name_ + ": " + error.what());
  }
  require_usable_columns(catalogue_, name_);
}

void Snapshot::open_column(const Column& column) {
  State& state = states_.emplace_back();
  if (!column.problem.empty()) return;
  const StoredVector& values = column.values ? *column.values : *catalogue_.compound;
  if (!heap_) heap_.emplace(file_, values.location.user_block);
  if (column.values) state.values.emplace(file_, values);
  if (column.mask) state.mask.emplace(file_, *column.mask);
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

template <class Action>
void Snapshot::naming(const std::string& what, const Action& action) const {
  const auto text = [&](const Error& error) {
    return fmt::format("{}: {} {}", name_, what, error.what());
  };
  try {
    action();
  } catch (const DataError& error) {
    throw DataError(text(error));
  } catch (const IoError& error) {
    throw IoError(text(error));
  }
}

template <class Use>
void Snapshot::in_parts(VectorReader& reader,
                        std::int64_t first,
                        std::int64_t count,
                        Use use) {
  const std::size_t row = reader.row_bytes();
  const auto part = static_cast<std::int64_t>(std::max(std::size_t{1}, kReadBytes / row));
  for (std::int64_t done = 0; done < count; done += part) {
    const std::int64_t rows = std::min(part, count - done);
    bytes_.resize(static_cast<std::size_t>(rows) * row);
    reader.read(first + done, rows, bytes_);
    use(first + done,
        static_cast<std::size_t>(rows),
        RawValues{bytes_.data(), row, *heap_});
  }
}

const std::vector<std::string>& Snapshot::levels(std::size_t column) {
  const Column& c = usable(column);
  State& state = states_[column];
  if (state.levels_known) return state.levels;
  naming("column " + c.info.name, [&] {
    if (c.encoding == Encoding::codes) read_categories(c, state);
    if (c.encoding == Encoding::text) find_text_levels(c, state);
    if (c.encoding != Encoding::enumeration) return;
    for (const hdf5::EnumValue& v : c.type.values)
      state.levels.push_back(v.name);
  });
  state.levels_known = true;
  return state.levels;
}

void Snapshot::read_categories(const Column& c, State& state) {
  std::vector<std::string> levels;
  VectorReader reader(file_, *c.categories);
  in_parts(
      reader, 0, c.categories->num_rows, [&](auto, std::size_t rows, const auto& raw) {
        for (std::string& text : level_texts(c.categories->type, raw, rows)) {
          levels.push_back(std::move(text));
        }
      });
  std::unordered_set<std::string_view> seen;
  for (const std::string& level : levels) {
    if (!seen.insert(level).second) {
      throw DataError(fmt::format("has the category \"{}\" twice", level));
    }
  }
  state.levels = std::move(levels);
}

void Snapshot::find_text_levels(const Column& c, State& state) {
  std::unordered_set<std::string> distinct;
  std::string text;
  std::vector<std::byte> masked;
  VectorReader& reader = c.values ? *state.values : *rows_;
  in_parts(reader, 0, num_rows(), [&](std::int64_t at, std::size_t rows, RawValues raw) {
    raw.begin += c.member_offset;
    std::vector<double> missing(rows, 0.0);
    if (c.mask) {
      masked.resize(rows * state.mask->row_bytes());
      state.mask->read(at, static_cast<std::int64_t>(rows), masked);
      apply_mask(c.mask->type, {masked.data(), state.mask->row_bytes(), *heap_}, missing);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      if (missing[row] != 0.0) continue;  // NaN too
      text = text_of(c.type, raw, row);
      if (!is_missing_text(c, text)) distinct.insert(text);
    }
  });
  state.levels.assign(distinct.begin(), distinct.end());
  std::sort(state.levels.begin(), state.levels.end());
  for (std::size_t level = 0; level < state.levels.size(); ++level) {
    state.index.emplace(state.levels[level], static_cast<double>(level));
  }
}

void Snapshot::read_column(std::size_t column,
                           std::int64_t first,
                           std::span<double> out) {
  const Column& c = catalogue_.columns[column];
  State& state = states_[column];
  const std::int64_t count = std::ssize(out);
  const auto part = [&](std::int64_t at, std::size_t rows) {
    return out.subspan(static_cast<std::size_t>(at - first), rows);
  };
  if (is_native_double(c.type)) {
    state.values->read(first, count, std::as_writable_bytes(out));
  } else {
    in_parts(*state.values, first, count, [&](auto at, auto rows, const auto& raw) {
      decode(c, raw, at, state.index, part(at, rows));
    });
  }
  if (!c.mask) return;
  in_parts(*state.mask, first, count, [&](auto at, auto rows, const auto& raw) {
    apply_mask(c.mask->type, raw, part(at, rows));
  });
}

void Snapshot::read_members(std::int64_t first,
                            std::span<const std::size_t> columns,
                            RowBlock& block) {
  const auto decode_member =
      [&](std::size_t i, std::int64_t at, std::size_t rows, RawValues raw) {
        const Column& c = catalogue_.columns[columns[i]];
        raw.begin += c.member_offset;
        const std::span<double> out(block.columns[i]);
        const auto from = static_cast<std::size_t>(at - first);
        naming("column " + c.info.name, [&] {
          decode(c, raw, at, states_[columns[i]].index, out.subspan(from, rows));
        });
      };
  in_parts(*rows_, first, block.num_rows, [&](auto at, auto rows, const auto& raw) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      decode_member(i, at, rows, raw);
  });
}

void Snapshot::read(std::int64_t first,
                    std::int64_t count,
                    std::span<const std::size_t> columns,
                    RowBlock& block) {
  assert(first >= 0 && count >= 0 && first <= num_rows() - count);
  block.first_row = first;
  block.num_rows = count;
  block.columns.resize(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (usable(columns[i]).encoding == Encoding::text) levels(columns[i]);
    block.columns[i].resize(static_cast<std::size_t>(count));
  }
  if (catalogue_.compound) {
    read_members(first, columns, block);
    return;
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    naming("column " + infos_[columns[i]].name,
           [&] { read_column(columns[i], first, block.columns[i]); });
  }
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
