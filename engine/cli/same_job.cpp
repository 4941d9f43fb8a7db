// SPDX-License-Identifier: MIT
#include "engine/cli/same_job.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "engine/cli/results.hpp"
#include "engine/error.hpp"

namespace merit {
namespace {

std::string shown(const std::string& value) {
  if (value.empty()) return "none";
  return value.find(' ') == std::string::npos ? value : "'" + value + "'";
}

/// What follows from what: where a field of `causes` differs too, a difference of `field`
/// says nothing more.
struct Consequence {
  std::string_view field;
  std::initializer_list<std::string_view> causes;
};

/// The digest is of the columns used, in the rows used; priors have scales from the data.
const Consequence kDerived[] = {
    {"digest", {"formula", "where", "offset", "trials", "table", "strata"}},
    {"prior", {"digest", "formula", "where", "offset", "trials", "table", "family"}},
    {"block_rows",
     {"digest",
      "formula",
      "where",
      "offset",
      "trials",
      "table",
      "family",
      "type",
      "resample",
      "replicates",
      "inner",
      "until_mcse",
      "draws",
      "chains",
      "study",
      "cells",
      "repetitions",
      "estimators"}},
    {"study", {"formula", "family", "link", "cells", "repetitions", "estimators"}},
    {"level", {"until_mcse"}},
    {"intervals", {"until_mcse"}},
    {"quantities", {"until_mcse", "intervals"}},
    {"inner_quantities", {"inner"}},
    {"studentised_quantities", {"keep"}}};

/// Options that jobs have only with a value of another.
const Consequence kDependent[] = {{"resample", {"type"}},
                                  {"strata", {"type"}},
                                  {"reb_type", {"type"}},
                                  {"wild_hc", {"type"}},
                                  {"wild_weights", {"type"}},
                                  {"nagq", {"method", "family"}},
                                  {"pql_inner", {"method"}},
                                  {"pql_scale", {"method"}},
                                  {"warmup", {"family"}}};

bool follows(const JobDifference& difference, const std::vector<JobDifference>& all) {
  const auto is_caused = [&](const Consequence& rule) {
    return rule.field == difference.field &&
           std::any_of(all.begin(), all.end(), [&](const JobDifference& other) {
             return std::find(rule.causes.begin(), rule.causes.end(), other.field) !=
                    rule.causes.end();
           });
  };
  return std::any_of(std::begin(kDerived), std::end(kDerived), is_caused) ||
         (difference.stored.empty() &&
          std::any_of(std::begin(kDependent), std::end(kDependent), is_caused));
}

/// `--wild-hc` of `wild_hc`
std::string option_of(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

/// What makes the given job the stored one, where that is not just the stored value.
/// @param of_study  whether the job is that of a study file
std::string remedy(const JobDifference& difference, bool of_study) {
  const std::string& field = difference.field;
  if (field == "results_version" || field == "block_rows")
    return "another version of merit: use the one that began";
  if (field == "digest") return "the data have changed: use the snapshot as it was";
  if (of_study && field != "seed" && field != "until_mcse" && field != "level") {
    return "the study file has changed: use the one that began, whose text is "
           "/study/file in the result";
  }
  if (field == "formula") return "give the stored one";
  if (field == "studentised_quantities" && difference.stored.empty())
    return "--intervals without stud, or without --quantity";
  if (field == "studentised_quantities" && difference.given.empty())
    return "--intervals with stud, and the stored ones as --quantity";
  if (field == "quantities" || field.ends_with("_quantities"))
    return "give the stored ones as --quantity";
  if (field == "prior") return "give the --prior options that lead to them";
  if (field == "delete_one")
    return difference.stored.empty() ? "--intervals without bca" : "--intervals with bca";
  if (field == "inner" && difference.stored.empty())
    return "--intervals without calibrated";
  if (field == "inner" && difference.given.empty())
    return "--intervals with calibrated, --inner " + shown(difference.stored);
  // Flags take no value.
  if (difference.stored == "true") return option_of(field);
  if (field == "drop_collinear" || difference.stored.empty())
    return "without " + option_of(field);
  return option_of(field) + " " + shown(difference.stored);
}

}  // namespace

std::string difference_lines(const JobDescription& stored, const JobDescription& given) {
  const std::vector<JobDifference> all = differences(stored, given);
  const bool of_study = !text_of(stored, "study").empty();
  std::string lines;
  for (const JobDifference& difference : all) {
    if (follows(difference, all)) continue;
    lines += fmt::format("\n  {}: stored {}, given {} ({})",
                         difference.field,
                         shown(difference.stored),
                         shown(difference.given),
                         remedy(difference, of_study));
  }
  return lines;
}

std::string text_of(Shard shard) {
  return fmt::format("{}/{}", shard.index, shard.count);
}

void check_same_command(const ResultFile& stored,
                        const std::string& command,
                        const std::string& output) {
  if (stored.command() == command) return;
  throw UsageError(
      fmt::format("{}: holds results of merit {}, not of merit {}; choose another "
                  "--output, or --overwrite instead of --resume",
                  output,
                  stored.command(),
                  command));
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
