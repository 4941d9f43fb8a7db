// SPDX-License-Identifier: MIT
#include "io/describe.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/catalogue.hpp"
#include "io/digest.hpp"

namespace merit {
namespace {

/// Counts that grow block by block; the description is made of them at the end.
struct Tally {
  std::vector<std::int64_t> level_count;       ///< categorical
  std::map<double, std::int64_t> value_count;  ///< numeric, while whole and few
  bool few = true;
  bool whole = true;
  std::int64_t num_finite = 0;
  double sum = 0.0;
};

void add_category(double index, Tally& tally) {
  ++tally.level_count[static_cast<std::size_t>(index)];
}

void add_number(double x, ColumnDescription& column, Tally& tally) {
  if (std::isinf(x)) {
    ++column.num_infinite;
    return;
  }
  column.min = tally.num_finite == 0 ? x : std::min(column.min, x);
  column.max = tally.num_finite == 0 ? x : std::max(column.max, x);
  ++tally.num_finite;
  tally.sum += x;
  tally.whole = tally.whole && x == std::floor(x);
  if (!tally.whole || !tally.few) return;
  ++tally.value_count[x];
  tally.few = tally.value_count.size() <= kMaxCountedValues;
}

void add_block(std::span<const double> values, ColumnDescription& column, Tally& tally) {
  const bool categorical = column.info.kind == ColumnKind::categorical;
  for (const double x : values) {
    if (std::isnan(x)) {
      ++column.num_missing;
    } else if (categorical) {
      add_category(x, tally);
    } else {
      add_number(x, column, tally);
    }
  }
}

void finish(Table& table, std::size_t index, ColumnDescription& column, Tally& tally) {
  if (!column.problem.empty()) return;
  if (column.info.kind == ColumnKind::categorical) {
    const std::vector<std::string>& levels = table.levels(index);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      column.counts.push_back({levels[i], tally.level_count[i]});
    }
    return;
  }
  if (tally.num_finite == 0) return;
  column.mean = tally.sum / static_cast<double>(tally.num_finite);
  column.whole_numbers = tally.whole && column.num_infinite == 0;
  if (!column.whole_numbers || !tally.few) return;
  for (const auto& [value, count] : tally.value_count) {
    column.counts.push_back({fmt::format("{:.0f}", value), count});
  }
}

std::string without_prefix(std::string text, const std::string& prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// One pass over all columns that can be used.
class Describer {
 public:
  explicit Describer(Table& table) : table_(table), tallies_(table.columns().size()) {
    for (const ColumnInfo& info : table.columns()) {
      ColumnDescription column;
      column.info = info;
      columns_.push_back(std::move(column));
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      attempt(c, [&] {
        tallies_[c].level_count.assign(table_.levels(c).size(), 0);
        table_.reader({c});
      });
    }
  }

  void run() {
    for (std::int64_t first = 0; first < table_.num_rows(); first += kBlockRows) {
      read(first, std::min(kBlockRows, table_.num_rows() - first));
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      finish(table_, c, columns_[c], tallies_[c]);
    }
  }

  std::vector<ColumnDescription> take_columns() { return std::move(columns_); }

  std::string digest() const {
    const std::vector<std::size_t> usable = usable_columns();
    std::vector<ColumnInfo> infos;
    for (const std::size_t c : usable)
      infos.push_back(columns_[c].info);
    std::vector<Hash128> hashes;
    for (const std::vector<Hash128>& of_block : hashes_) {
      for (const std::size_t c : usable)
        hashes.push_back(of_block[c]);
    }
    return combine_digests(infos, table_.num_rows(), hashes);
  }

 private:
  std::vector<std::size_t> usable_columns() const {
    std::vector<std::size_t> usable;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].problem.empty()) usable.push_back(c);
    }
    return usable;
  }

  /// What goes wrong with one column is written down with it.
  template <class Action>
  void attempt(std::size_t c, const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      columns_[c].problem = without_prefix(
          error.what(), table_.name() + ": column " + columns_[c].info.name + " ");
    }
  }

  void read(std::int64_t first, std::int64_t count) {
    std::vector<std::size_t> usable = usable_columns();
    try {
      if (!reader_) reader_ = table_.reader(usable);
      reader_->read(first, count, block_);
    } catch (const Error&) {
      for (const std::size_t c : usable) {
        attempt(c, [&] { table_.reader({c})->read(first, count, block_); });
      }
      usable = usable_columns();
      reader_ = table_.reader(usable);
      reader_->read(first, count, block_);
    }
    if (level_hashes_.size() != usable.size()) gather_level_hashes(usable);
    for (std::size_t i = 0; i < usable.size(); ++i) {
      add_block(block_.columns[i], columns_[usable[i]], tallies_[usable[i]]);
    }
    const std::vector<Hash128> hashes = digest_block(level_hashes_, block_);
    std::vector<Hash128>& all = hashes_.emplace_back(columns_.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
      all[usable[i]] = hashes[i];
  }

  void gather_level_hashes(const std::vector<std::size_t>& usable) {
    level_hashes_.clear();
    for (const std::size_t c : usable)
      level_hashes_.push_back(hash_levels(table_, c));
  }

  Table& table_;
  std::vector<ColumnDescription> columns_;
  std::vector<LevelHashes> level_hashes_;  ///< of the columns that can be used
  std::vector<Tally> tallies_;
  std::vector<std::vector<Hash128>> hashes_;  ///< by block, then by column
  std::unique_ptr<RowReader> reader_;         ///< of the usable columns
  RowBlock block_;
};

}  // namespace

SnapshotDescription describe_snapshot(const std::string& path, const std::string& table) {
  SnapshotDescription out;
  out.file = path;
  out.table = table_path(table);
  Catalogue found = catalogue(path, out.table, Surroundings::included);
  out.layout = found.layout;
  out.num_rows = found.num_rows;
  out.attributes = std::move(found.attributes);
  out.other_tables = std::move(found.other_tables);

  const std::unique_ptr<Table> opened =
      open_catalogued(path, out.table, std::move(found));
  Describer describer(*opened);
  describer.run();
  out.digest = describer.digest();
  out.columns = describer.take_columns();
  return out;
}

}  // namespace merit
