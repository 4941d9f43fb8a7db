// SPDX-License-Identifier: MIT
#include "io/snapshot.hpp"

#include <algorithm>
#include <cassert>
#include <filesystem>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/contents.hpp"
#include "io/file_kind.hpp"
#include "io/hdf5.hpp"

namespace merit {
namespace {

constexpr std::int64_t kFormatVersion = 1;

/// Bytes of stored values read at a time, where they are not read in place.
constexpr std::size_t kReadBytes = std::size_t{1} << 24;

/// A data frame in an HDF5 file, read in blocks.
class Snapshot final : public Table {
 public:
  Snapshot(hdf5::File file, std::string name, Contents contents)
      : file_(std::move(file)), name_(std::move(name)), contents_(std::move(contents)) {
    for (const Column& column : contents_.columns)
      infos_.push_back(column.info);
  }

  std::string name() const override { return name_; }
  std::int64_t num_rows() const override { return contents_.num_rows; }
  const std::vector<ColumnInfo>& columns() const override { return infos_; }

  const std::vector<std::string>& levels(std::size_t column) override;
  void read(std::int64_t first,
            std::int64_t count,
            std::span<const std::size_t> columns,
            RowBlock& block) override;

 private:
  Column& usable(std::size_t column);
  void find_text_levels(Column& column);
  void read_column(Column& column, std::int64_t first, std::span<double> out);
  void read_members(std::int64_t first,
                    std::span<const std::size_t> columns,
                    RowBlock& block);
  /// Calls `use(part_first, part_count)` for parts of a range that fit into memory.
  template <class Use>
  void in_parts(std::int64_t first, std::int64_t count, std::size_t row_bytes, Use use);

  hdf5::File file_;
  std::string name_;
  Contents contents_;
  std::vector<ColumnInfo> infos_;
  hdf5::RawRows rows_;  ///< kept for its memory
  hdf5::RawRows mask_;
};

Column& Snapshot::usable(std::size_t column) {
  Column& c = contents_.columns.at(column);
  if (!c.problem.empty()) {
    throw DataError(fmt::format("{}: column {} {}", name_, c.info.name, c.problem));
  }
  return c;
}

template <class Use>
void Snapshot::in_parts(std::int64_t first,
                        std::int64_t count,
                        std::size_t row_bytes,
                        Use use) {
  const auto part =
      static_cast<std::int64_t>(std::max(std::size_t{1}, kReadBytes / row_bytes));
  for (std::int64_t done = 0; done < count; done += part) {
    use(first + done, std::min(part, count - done));
  }
}

const std::vector<std::string>& Snapshot::levels(std::size_t column) {
  Column& c = usable(column);
  if (c.levels_known) return c.levels;
  try {
    if (c.encoding == Encoding::codes) read_categories(c);
    if (c.encoding == Encoding::text) find_text_levels(c);
  } catch (const DataError& error) {
    throw DataError(name_ + ": " + error.what());
  }
  c.levels_known = true;
  return c.levels;
}

void Snapshot::find_text_levels(Column& c) {
  std::unordered_set<std::string> distinct;
  std::string text;
  const hdf5::Dataset& source = c.values ? *c.values : *contents_.compound;
  const std::size_t members[] = {c.member};
  in_parts(0, num_rows(), c.type.size + 1, [&](std::int64_t at, std::int64_t count) {
    source.read_raw(
        at, count, c.values ? std::span<const std::size_t>() : members, rows_);
    if (c.mask) c.mask->read_raw(at, count, {}, mask_);
    for (std::int64_t row = 0; row < count; ++row) {
      text = rows_.text(0, row);
      const bool masked = c.mask && nonzero(mask_, row);
      if (!masked && !is_missing_text(c, text)) distinct.insert(text);
    }
  });
  c.levels.assign(distinct.begin(), distinct.end());
  std::sort(c.levels.begin(), c.levels.end());
  for (std::size_t level = 0; level < c.levels.size(); ++level) {
    c.index_of.emplace(c.levels[level], static_cast<double>(level));
  }
}

void Snapshot::read_column(Column& c, std::int64_t first, std::span<double> out) {
  const std::int64_t count = std::ssize(out);
  if (c.type.type_class == hdf5::TypeClass::floating && c.type.size == sizeof(double)) {
    c.values->read_rows(first, count, out);  // straight into place
  } else {
    in_parts(first, count, c.type.size, [&](std::int64_t at, std::int64_t n) {
      c.values->read_raw(at, n, {}, rows_);
      const auto part = out.subspan(static_cast<std::size_t>(at - first));
      decode(c, {rows_, 0}, at, part.first(static_cast<std::size_t>(n)));
    });
  }
  if (c.mask) {
    in_parts(first, count, c.mask->type().size, [&](std::int64_t at, std::int64_t n) {
      c.mask->read_raw(at, n, {}, mask_);
      const auto part = out.subspan(static_cast<std::size_t>(at - first));
      apply_mask(mask_, c.mask->type(), part.first(static_cast<std::size_t>(n)));
    });
  }
}

void Snapshot::read_members(std::int64_t first,
                            std::span<const std::size_t> columns,
                            RowBlock& block) {
  std::vector<std::size_t> members;
  std::size_t row_bytes = 1;
  for (const std::size_t column : columns) {
    members.push_back(contents_.columns[column].member);
    row_bytes += contents_.columns[column].type.size;
  }
  if (members.empty()) return;
  in_parts(first, block.num_rows, row_bytes, [&](std::int64_t at, std::int64_t n) {
    contents_.compound->read_raw(at, n, members, rows_);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto part =
          std::span(block.columns[i]).subspan(static_cast<std::size_t>(at - first));
      decode(contents_.columns[columns[i]],
             {rows_, i},
             at,
             part.first(static_cast<std::size_t>(n)));
    }
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
  try {
    if (contents_.compound) return read_members(first, columns, block);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      read_column(contents_.columns[columns[i]], first, block.columns[i]);
    }
  } catch (const DataError& error) {
    throw DataError(name_ + ": " + error.what());
  }
}

/// Only what merit marks as its own is judged by its mark: snapshots need none.
void check_format(const hdf5::Group& root, const std::string& path) {
  const auto format = root.find_attribute<std::string>("format");
  if (!format || !format->starts_with("merit-")) return;
  if (*format != "merit-snapshot") {
    throw InputError(
        fmt::format("{}: is a {} file, not a snapshot; merit summarize reads "
                    "results",
                    path,
                    *format));
  }
  const auto version = root.find_attribute<std::int64_t>("version");
  if (version && *version > kFormatVersion) {
    throw InputError(
        fmt::format("{}: is a snapshot of version {}; this merit reads versions up to {}",
                    path,
                    *version,
                    kFormatVersion));
  }
}

[[noreturn]] void throw_no_table(const hdf5::Group& root,
                                 const std::string& path,
                                 const std::string& table) {
  std::string tables;
  std::string others;
  for (const TableCandidate& found : find_tables(root)) {
    std::string& list = found.layout.empty() ? others : tables;
    if (!list.empty()) list += ", ";
    list += found.path;
    if (!found.layout.empty()) list += " (" + found.layout + ")";
  }
  if (tables.empty()) {
    throw DataError(fmt::format("{}: has no {}, and no other table; it holds {}",
                                path,
                                table,
                                others.empty() ? "nothing" : others));
  }
  throw DataError(
      fmt::format("{}: has no {}; choose with --table from {}", path, table, tables));
}

Contents contents_of(const hdf5::Group& root,
                     const std::string& path,
                     const std::string& table,
                     std::int64_t file_size) {
  const std::string inside = table.substr(1);
  if (!inside.empty() && !root.exists(inside)) throw_no_table(root, path, table);
  if (!inside.empty() && root.kind(inside) == hdf5::ObjectKind::dataset) {
    return compound_contents(root.dataset(inside), file_size);
  }
  const hdf5::Group group = root.group(inside.empty() ? "/" : inside);
  const bool is_dataframe =
      group.find_attribute<std::string>("encoding-type") == "dataframe";
  return is_dataframe ? dataframe_contents(group, file_size)
                      : group_contents(group, file_size);
}

/// "/data" from "data", "/data", "data/".
std::string normal_path(std::string table) {
  while (table.ends_with('/'))
    table.pop_back();
  return table.starts_with('/') ? table : "/" + table;
}

}  // namespace

std::unique_ptr<Table> open_snapshot(const std::string& path, const std::string& table) {
  const std::string inside = normal_path(table);
  hdf5::File file = hdf5::File::open(path, hdf5::Access::read);
  const auto file_size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  const hdf5::Group root = file.root();
  check_format(root, path);
  Contents contents = contents_of(root, path, inside, file_size);
  const std::string name = path + " (" + inside + ")";
  const bool any_usable = std::any_of(contents.columns.begin(),
                                      contents.columns.end(),
                                      [](const Column& c) { return c.problem.empty(); });
  if (!any_usable) {
    throw DataError(contents.columns.empty()
                        ? name + ": has no columns"
                        : fmt::format("{}: has no usable column; {} {}",
                                      name,
                                      contents.columns[0].info.name,
                                      contents.columns[0].problem));
  }
  return std::make_unique<Snapshot>(std::move(file), name, std::move(contents));
}

}  // namespace merit
