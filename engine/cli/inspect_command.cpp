// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/cli/commands.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/report/text_table.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/progress.hpp"
#include "io/describe.hpp"
#include "io/file_kind.hpp"

namespace merit {
namespace {

/// What a table shows of a column's levels fits beside the other columns of a terminal.
constexpr std::size_t kLevelsBytes = 48;

std::string levels_text(const ColumnDescription& column) {
  std::string text;
  std::size_t shown = 0;
  for (const LevelCount& level : column.counts) {
    const std::string more = fmt::format(
        "{}{} ({})", shown == 0 ? "" : ", ", level.level, with_separators(level.count));
    if (shown > 0 && text.size() + more.size() > kLevelsBytes) break;
    text += more;
    ++shown;
  }
  if (column.counts.size() > shown) {
    text += fmt::format(", … {} in all", column.counts.size());
  }
  return text;
}

/// Sizes of the groups that a column would make.
std::string group_sizes_text(const ColumnDescription& column) {
  std::vector<std::int64_t> sizes;
  for (const LevelCount& level : column.counts) {
    if (level.count > 0) sizes.push_back(level.count);
  }
  if (sizes.size() < 2) return "";
  std::sort(sizes.begin(), sizes.end());
  return fmt::format("{} groups of {}–{} rows, median {}",
                     sizes.size(),
                     with_separators(sizes.front()),
                     with_separators(sizes.back()),
                     with_separators(sizes[sizes.size() / 2]));
}

std::string range_text(const ColumnDescription& column) {
  if (column.info.kind == ColumnKind::categorical || column.min != column.min) return "";
  return fmt::format("{:.6g} … {:.6g}, mean {:.6g}", column.min, column.max, column.mean);
}

std::string to_table(const SnapshotDescription& d) {
  std::string text = fmt::format("{} ({}): {}, {} rows, {} columns\n",
                                 d.file,
                                 d.table,
                                 d.layout,
                                 with_separators(d.num_rows),
                                 d.columns.size());
  text += fmt::format("digest  {}\n", d.digest);
  for (const auto& [name, value] : d.attributes)
    text += fmt::format("{}  {}\n", name, value);
  for (const std::string& other : d.other_tables) {
    text += fmt::format("also holds  {}  (--table {})\n", other, other);
  }
  text += "\n";
  TextTable table;
  table.add_column("column", TextTable::Align::left);
  table.add_column("type", TextTable::Align::left);
  table.add_column("missing", TextTable::Align::decimal);
  table.add_column("values", TextTable::Align::left);
  table.add_column("as groups", TextTable::Align::left);
  for (const ColumnDescription& column : d.columns) {
    if (!column.problem.empty()) {
      table.add_row({column.info.name, column.info.stored_as, "", column.problem, ""});
      continue;
    }
    std::string values = column.info.kind == ColumnKind::categorical ? levels_text(column)
                                                                     : range_text(column);
    if (column.info.ordered) values = "ordered: " + values;
    if (column.num_infinite > 0) {
      values += fmt::format("; {} infinite", with_separators(column.num_infinite));
    }
    table.add_row({column.info.name,
                   column.info.stored_as,
                   with_separators(column.num_missing),
                   values,
                   group_sizes_text(column)});
  }
  return text + table.text("");
}

nlohmann::ordered_json to_json(const SnapshotDescription& d) {
  nlohmann::ordered_json columns = nlohmann::ordered_json::array();
  for (const ColumnDescription& column : d.columns) {
    nlohmann::ordered_json entry = {
        {"name", column.info.name},
        {"type", column.info.stored_as},
        {"kind", column.info.kind == ColumnKind::categorical ? "categorical" : "numeric"},
        {"ordered", column.info.ordered}};
    if (column.problem.empty()) {
      entry["missing"] = column.num_missing;
      if (column.info.kind == ColumnKind::numeric) {
        entry["infinite"] = column.num_infinite;
        entry["min"] = column.min;  // NaN becomes null
        entry["mean"] = column.mean;
        entry["max"] = column.max;
      }
      if (!column.counts.empty()) {
        entry["counts"] = nlohmann::ordered_json::object();
        for (const LevelCount& level : column.counts) {
          entry["counts"][level.level] = level.count;
        }
      }
    } else {
      entry["problem"] = column.problem;
    }
    columns.push_back(std::move(entry));
  }
  nlohmann::ordered_json attributes = nlohmann::ordered_json::object();
  for (const auto& [name, value] : d.attributes)
    attributes[name] = value;
  return {{"file", d.file},
          {"table", d.table},
          {"layout", d.layout},
          {"rows", d.num_rows},
          {"digest", d.digest},
          {"attributes", attributes},
          {"columns", columns},
          {"other_tables", d.other_tables}};
}

/// A field of CSV that may hold anything.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '"');
  return '"' + text + '"';
}

std::string to_csv(const SnapshotDescription& d) {
  std::string text =
      "column,type,kind,ordered,missing,infinite,min,mean,max,levels,problem\n";
  for (const ColumnDescription& c : d.columns) {
    const bool usable = c.problem.empty();
    const bool categorical = c.info.kind == ColumnKind::categorical;
    const bool has_range = usable && !categorical && c.min == c.min;
    text += fmt::format("{},{},{},{},{},{},{},{},{}\n",
                        quoted(c.info.name),
                        quoted(c.info.stored_as),
                        categorical ? "categorical" : "numeric",
                        c.info.ordered,
                        usable ? fmt::format("{}", c.num_missing) : "",
                        usable && !categorical ? fmt::format("{}", c.num_infinite) : "",
                        has_range ? fmt::format("{},{},{}", c.min, c.mean, c.max) : ",,",
                        c.counts.empty() ? "" : fmt::format("{}", c.counts.size()),
                        usable ? "" : quoted(c.problem));
  }
  return text;
}

const char* rows_word(const ResultFile& file) {
  return file.posterior() ? "draws" : "replicates";
}

/// @throws IoError if rows are not what was written
void check_rows(const ResultFile& file) {
  const std::vector<std::int64_t> damaged = file.damaged_blocks();
  if (damaged.empty()) return;
  const BlockRange rows = file.replicates()->rows({damaged.front(), 1});
  throw IoError(
      fmt::format("{}: damaged: {} {} to {} do not match their checksum, and so do {} of "
                  "{} blocks in all; make the file again",
                  file.path(),
                  rows_word(file),
                  rows.first,
                  rows.end() - 1,
                  damaged.size(),
                  file.replicates()->blocks().count));
}

std::string to_table(const ResultFile& file) {
  std::string text = fmt::format("{}: result of merit {}\n", file.path(), file.command());
  if (file.replicates()) {
    const std::string shard =
        file.shard() == Shard{} ? "" : fmt::format(" of shard {}", text_of(file.shard()));
    text += fmt::format("{} of {} {}{} ({}), their checksums are right\n",
                        with_separators(file.num_committed()),
                        with_separators(file.replicates()->num_rows()),
                        rows_word(file),
                        shard,
                        file.complete() ? "complete" : "partial");
  }
  if (file.posterior()) {
    text += "\npriors\n";
    for (const auto& [parameter, distribution] : file.posterior()->priors)
      text += fmt::format("  {:<16}  {}\n", parameter, distribution);
  }
  for (const Attributes* part : {&file.job(), &file.provenance()}) {
    text += part == &file.job() ? "\njob\n" : "\nprovenance\n";
    for (const auto& [name, value] : *part) {
      text += fmt::format("  {:<16}  {}\n", name, text_of(*part, name));
    }
  }
  text += "\nsessions\n";
  for (const Session& s : file.sessions()) {
    text += fmt::format("  {} to {}, {}, {} × {} threads{}{}: {} {} in {}\n",
                        s.started,
                        s.finished,
                        s.host,
                        s.ranks,
                        s.threads / std::max<std::int64_t>(s.ranks, 1),
                        s.batch_job.empty() ? "" : ", ",
                        s.batch_job,
                        with_separators(s.replicates),
                        rows_word(file),
                        duration_text(s.seconds));
  }
  return text;
}

nlohmann::ordered_json to_json(const ResultFile& file) {
  nlohmann::ordered_json json = {
      {"file", file.path()}, {"command", file.command()}, {"complete", file.complete()}};
  if (file.replicates()) {
    json[rows_word(file)] = file.replicates()->num_replicates;
    json["committed"] = file.num_committed();
    json["shard"] = text_of(file.shard());
    json["checksums"] = "right";
  }
  for (const Attributes* part : {&file.job(), &file.provenance()}) {
    nlohmann::ordered_json& entries = json[part == &file.job() ? "job" : "provenance"];
    for (const auto& [name, value] : *part) {
      std::visit([&entries, &name = name](const auto& v) { entries[name] = v; }, value);
    }
  }
  json["sessions"] = nlohmann::ordered_json::array();
  for (const Session& s : file.sessions()) {
    json["sessions"].push_back({{"started", s.started},
                                {"finished", s.finished},
                                {"host", s.host},
                                {"batch_job", s.batch_job},
                                {"ranks", s.ranks},
                                {"threads", s.threads},
                                {"replicates", s.replicates},
                                {"seconds", s.seconds}});
  }
  return json;
}

template <class Description>
std::string rendered(const Description& description, Format format) {
  if (format == Format::json) return to_json(description).dump(2) + "\n";
  if constexpr (std::is_same_v<Description, SnapshotDescription>) {
    if (format == Format::csv) return to_csv(description);
  } else if (format == Format::csv) {
    throw UsageError(
        "--format csv: inspect shows a result file as table or json; "
        "merit summarize gives its rows as csv");
  }
  return to_table(description);
}

}  // namespace

ExitCode run(const CommandContext& context, const InspectCommand& command) {
  root_or_none(context.comm, [&] {
    if (!is_result_file(command.file)) {
      return print(
          rendered(describe_snapshot(command.file, command.table), command.format));
    }
    const ResultFile file = open_result(command.file);
    check_rows(file);
    print(rendered(file, command.format));
  });
  return ExitCode::done;
}

}  // namespace merit
