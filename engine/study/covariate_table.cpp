// SPDX-License-Identifier: MIT
#include "engine/study/covariate_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {
namespace {

const std::vector<std::string> kCovariateKeys = {"kind",
                                                 "level",
                                                 "mean",
                                                 "sd",
                                                 "share",
                                                 "snapshot",
                                                 "column",
                                                 "equals",
                                                 "group",
                                                 "where",
                                                 "resample"};
constexpr const char* kSnapshotKeys[] = {
    "snapshot", "column", "equals", "group", "where", "resample"};

class CovariateReader {
 public:
  CovariateReader(const TableReader& data,
                  const ReadSnapshot& snapshots,
                  const TomlNode* stored,
                  Study& study,
                  Problems& problems)
      : data_(data),
        snapshots_(snapshots),
        stored_(stored),
        study_(study),
        problems_(problems) {}

  void read() {
    read_sizes();
    if (const TomlNode* table = data_.table("covariates")) {
      for (const auto& [name, node] : table->entries) {
        if (node.kind != TomlNode::Kind::table) {
          problems_.add(node.line,
                        fmt::format("{} = {}: give a table, e.g. {{ kind = \"normal\" }}",
                                    name,
                                    describe(node)));
          continue;
        }
        const TableReader reader(
            node, fmt::format("[data.covariates.{}]", name), kCovariateKeys, problems_);
        study_.covariates.push_back(read_one(reader, name));
        lines_.push_back(node.line);
      }
    }
    load();
    check_columns();
  }

 private:
  /// Whether group sizes are those of a snapshot's groups.
  void read_sizes() {
    const TomlNode* node = data_.node("group_size");
    if (node == nullptr || node->find("snapshot") == nullptr) return;
    const TableReader reader(*node,
                             "group_size",
                             {"snapshot", "column", "where", "mean", "sd", "cv", "min"},
                             problems_);
    const std::string file = reader.text("snapshot").value_or("");
    sizes_group_ = reader.text("column").value_or("");
    if (!reader.has("column")) reader.missing("column", "the one that tells the groups");
    for (const char* key : {"mean", "sd", "cv", "min"}) {
      if (reader.has(key))
        reader.problem(key, "a snapshot is given too: its groups have their sizes");
    }
    if (file.empty() || sizes_group_.empty()) return;
    sizes_file_ = file;
    study_.sizes_from = request(file, sizes_group_, reader, "snapshot");
  }

  Covariate read_one(const TableReader& reader, const std::string& name) {
    Covariate covariate{.name = name};
    const std::string kind =
        reader.word("kind", {"normal", "binary", "halves", "snapshot"})
            .value_or("normal");
    if (!reader.has("kind")) reader.missing("kind", "normal, binary, halves or snapshot");
    covariate.kind = kind == "binary"     ? CovariateKind::binary
                     : kind == "halves"   ? CovariateKind::halves
                     : kind == "snapshot" ? CovariateKind::snapshot
                                          : CovariateKind::normal;
    const bool halves = covariate.kind == CovariateKind::halves;
    const std::string level =
        reader.word("level", {"row", "group"}).value_or(halves ? "group" : "row");
    covariate.level = level == "group" ? CovariateLevel::group : CovariateLevel::row;
    if (halves && level == "row")
      reader.problem("level", "halves are halves of the groups: leave it out");
    covariate.mean = reader.number("mean", kAnyNumber).value_or(0.0);
    covariate.sd = reader.number("sd", kPositive).value_or(1.0);
    covariate.share = reader.number("share", kShare).value_or(0.5);
    for (const char* key : {"mean", "sd"}) {
      if (reader.has(key) && kind != "normal")
        reader.problem(key, "goes with kind = \"normal\"");
    }
    if (reader.has("share") && kind != "binary")
      reader.problem("share", "goes with kind = \"binary\"");
    if (covariate.kind == CovariateKind::snapshot) {
      read_column(reader, covariate);
    } else {
      for (const char* key : kSnapshotKeys) {
        if (reader.has(key)) reader.problem(key, "goes with kind = \"snapshot\"");
      }
    }
    return covariate;
  }

  void read_column(const TableReader& reader, Covariate& covariate) {
    const std::string file = reader.text("snapshot").value_or(sizes_file_);
    if (file.empty()) {
      if (!reader.has("snapshot"))
        reader.missing("snapshot", "the HDF5 file with the data");
      return;
    }
    covariate.by_rows =
        reader.word("resample", {"groups", "rows"}).value_or("groups") == "rows";
    const bool has_sizes = file == sizes_file_;
    const std::string group =
        reader.text("group").value_or(has_sizes ? sizes_group_ : "");
    if (covariate.by_rows && covariate.level == CovariateLevel::group)
      reader.problem("level",
                     "rows of any group are drawn: they are not the same in one");
    covariate.snapshot = request(file, group, reader, "kind");
    SnapshotColumn column{.name = reader.text("column").value_or(covariate.name)};
    if (reader.has("equals")) column.equals = reader.text("equals");
    std::vector<SnapshotColumn>& columns = requests_[covariate.snapshot].columns;
    covariate.column = static_cast<std::size_t>(
        std::find(columns.begin(), columns.end(), column) - columns.begin());
    if (covariate.column == columns.size()) columns.push_back(column);
  }

  /// The number of the snapshot, a new one if it is not there. @param key  where it is named
  std::size_t request(const std::string& file,
                      const std::string& group,
                      const TableReader& reader,
                      const char* key) {
    const std::string where = reader.text("where").value_or("");
    std::size_t s = 0;
    while (s < requests_.size() && requests_[s].file != file)
      ++s;
    if (s == requests_.size()) {
      requests_.push_back({.file = file, .group = group, .where = where});
      request_lines_.push_back(reader.line(key));
      return s;
    }
    const auto join = [&](std::string& known, const std::string& given, const char* how) {
      if (known.empty()) known = given;
      if (given.empty() || known == given) return;
      problems_.add(
          reader.line(key),
          fmt::format("{} is {} '{}' already, not '{}'", file, how, known, given));
    };
    join(requests_[s].group, group, "grouped by");
    join(requests_[s].where, where, "used where");
    return s;
  }

  /// Whether rows of real groups are wanted, and no groups are known.
  bool lacks_groups(const Covariate& covariate) const {
    return covariate.kind == CovariateKind::snapshot && !covariate.by_rows &&
           !requests_.empty() && requests_[covariate.snapshot].group.empty();
  }

  void load() {
    for (std::size_t k = 0; k < study_.covariates.size(); ++k) {
      if (!lacks_groups(study_.covariates[k])) continue;
      problems_.add(lines_[k],
                    fmt::format("[data.covariates.{}] lacks group: the column of the "
                                "groups whose rows stay together; or resample = "
                                "\"rows\", to draw any",
                                study_.covariates[k].name));
    }
    for (std::size_t s = 0; s < requests_.size(); ++s) {
      SnapshotColumns columns;
      try {
        columns = snapshots_ ? snapshots_(requests_[s]) : stored(s);
      } catch (const Error& error) {
        problems_.add(request_lines_[s], error.what());
        study_.sizes_from.reset();
        study_.snapshots.clear();
        return;
      }
      columns.request = requests_[s];
      study_.snapshots.push_back(std::move(columns));
    }
  }

  /// As with_snapshots() has written it.
  SnapshotColumns stored(std::size_t s) const {
    const TomlNode* list = stored_ == nullptr ? nullptr : stored_->find("snapshot");
    if (list == nullptr || s >= list->items.size())
      throw DataError("the snapshot " + requests_[s].file + " cannot be read here");
    const TomlNode& node = list->items[s];
    const TomlNode* sizes = node.find("sizes");
    const TomlNode* digest = node.find("digest");
    const TomlNode* dropped = node.find("dropped");
    if (sizes == nullptr || digest == nullptr || dropped == nullptr)
      throw DataError("[[read.snapshot]] is not whole");
    std::vector<double> numbers;
    for (const TomlNode& item : sizes->items)
      numbers.push_back(item.number);
    SnapshotColumns out = known_sizes(numbers);
    out.digest = digest->text;
    out.num_dropped = static_cast<std::int64_t>(dropped->number);
    return out;
  }

  /// That columns vary, and at the level that is said of them.
  void check_columns() {
    if (study_.snapshots.empty()) return;
    for (std::size_t k = 0; k < study_.covariates.size(); ++k) {
      const Covariate& covariate = study_.covariates[k];
      if (covariate.kind != CovariateKind::snapshot || lacks_groups(covariate)) continue;
      const SnapshotColumns& real = study_.snapshots[covariate.snapshot];
      if (real.value.empty()) continue;  // not known
      const std::vector<double>& value = real.value[covariate.column];
      const auto constant = [&value](std::int64_t from, std::int64_t to) {
        return std::all_of(value.begin() + from, value.begin() + to, [&](double v) {
          return v == value[static_cast<std::size_t>(from)];
        });
      };
      std::string what;
      bool within = true;  // constant within groups
      for (std::int64_t j = 0; j < real.num_groups(); ++j) {
        const std::int64_t first = real.first[static_cast<std::size_t>(j)];
        within = within && constant(first, first + real.size(j));
      }
      const bool by_group = covariate.level == CovariateLevel::group;
      if (constant(0, real.num_rows())) {
        what = "is the same in all rows";
      } else if (by_group && !within) {
        what = "differs within groups: leave level = \"group\" out";
      } else if (!by_group && !covariate.by_rows && within) {
        what = "is constant within groups: give level = \"group\"";
      }
      if (!what.empty())
        problems_.add(
            lines_[k],
            fmt::format(
                "{}: the column in {} {}", covariate.name, real.request.file, what));
    }
  }

  const TableReader& data_;
  const ReadSnapshot& snapshots_;
  const TomlNode* stored_;
  Study& study_;
  Problems& problems_;
  std::string sizes_file_, sizes_group_;
  std::vector<SnapshotRequest> requests_;
  std::vector<int> lines_, request_lines_;
};

}  // namespace

void read_covariates(const TableReader& data,
                     const ReadSnapshot& snapshots,
                     const TomlNode* stored,
                     Study& study,
                     Problems& problems) {
  CovariateReader(data, snapshots, stored, study, problems).read();
}

}  // namespace merit
