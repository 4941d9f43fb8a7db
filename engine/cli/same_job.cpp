// SPDX-License-Identifier: MIT
#include "engine/cli/same_job.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {
namespace {

std::string shown(const std::string& value) {
  if (value.empty()) return "none";
  return value.find(' ') == std::string::npos ? value : "'" + value + "'";
}

/// What makes the given job the stored one, where that is not just the stored value.
std::string remedy(const JobDifference& difference) {
  if (difference.field == "digest")
    return "the data have changed: use the snapshot as it was";
  if (difference.field == "results_version") {
    return "another version of merit: use the one that began";
  }
  if (difference.field == "formula") return "give the stored one";
  if (difference.field == "prior") return "give the --prior options that lead to them";
  if (difference.field == "delete_one")
    return difference.stored.empty() ? "--intervals without bca" : "--intervals with bca";
  if (difference.field == "drop_collinear") {
    return difference.stored == "true" ? "--drop-collinear" : "without --drop-collinear";
  }
  if (difference.stored.empty()) return "without --" + difference.field;
  if (difference.field == "save_groups") return "--save-groups " + difference.stored;
  return fmt::format("--{} {}", difference.field, shown(difference.stored));
}

/// Follows from another field that differs too.
bool follows(const JobDifference& difference, const std::vector<JobDifference>& all) {
  if (difference.field != "block_rows") return false;
  return std::any_of(all.begin(), all.end(), [](const JobDifference& other) {
    return other.field == "replicates" || other.field == "type" ||
           other.field == "resample" || other.field == "draws" || other.field == "chains";
  });
}

}  // namespace

std::string difference_lines(const JobDescription& stored, const JobDescription& given) {
  const std::vector<JobDifference> all = differences(stored, given);
  std::string lines;
  for (const JobDifference& difference : all) {
    if (follows(difference, all)) continue;
    lines += fmt::format("\n  {}: stored {}, given {} ({})",
                         difference.field,
                         shown(difference.stored),
                         shown(difference.given),
                         remedy(difference));
  }
  return lines;
}

std::string text_of(Shard shard) {
  return fmt::format("{}/{}", shard.index, shard.count);
}

void check_same_job(const ResultFile& stored,
                    const JobDescription& given,
                    Shard shard,
                    const std::string& output) {
  std::string lines = difference_lines(stored.job(), given);
  if (stored.shard() != shard) {
    lines +=
        fmt::format("\n  shard: stored {}, given {} ({})",
                    text_of(stored.shard()),
                    text_of(shard),
                    stored.shard() == Shard{} ? "without --shard"
                                              : "--shard " + text_of(stored.shard()));
  }
  if (lines.empty()) return;
  throw UsageError(
      fmt::format("{}: holds another job than the one to --resume; repeat that one, or "
                  "choose another --output, or --overwrite instead of --resume{}",
                  output,
                  lines));
}

}  // namespace merit
