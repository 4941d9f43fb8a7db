// SPDX-License-Identifier: MIT
#include "engine/study/noise_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/model/text.hpp"

namespace merit {
namespace {

const std::vector<std::string> kNoiseKeys = {
    "kind", "df", "share", "factor", "by", "slope"};

/// What the errors' sd depends on.
void read_error_spread(const TableReader& reader, Study& study) {
  if (reader.has("by") != reader.has("slope")) {
    reader.missing(reader.has("by") ? "slope" : "by",
                   "the errors' sd is multiplied by exp(slope · covariate)");
  }
  study.spread_slope = reader.number("slope", kAnyNumber).value_or(0.0);
  const auto by = reader.text("by");
  if (!by) return;
  std::vector<std::string> names;
  for (const Covariate& covariate : study.covariates)
    names.push_back(covariate.name);
  const auto found = std::find(names.begin(), names.end(), *by);
  if (found == names.end()) {
    reader.problem("by", "no such covariate" + did_you_mean(*by, names));
    return;
  }
  study.spread_by = static_cast<std::size_t>(found - names.begin());
}

/// How intercepts or errors are distributed, and what errors' sd depends on.
void read_one(const TableReader& data,
              const std::string& key,
              Noise& noise,
              Study& study,
              Problems& problems) {
  const TomlNode* table = data.table(key);
  if (table == nullptr) return;
  const TableReader reader(*table, fmt::format("[data.{}]", key), kNoiseKeys, problems);
  const std::vector<std::string> kinds = {
      "normal", "t", "chi-squared", "uniform", "contaminated"};
  const std::string kind = reader.word("kind", kinds).value_or("normal");
  noise.kind =
      static_cast<NoiseKind>(std::find(kinds.begin(), kinds.end(), kind) - kinds.begin());
  const bool is_t = noise.kind == NoiseKind::t;
  const bool has_df = is_t || noise.kind == NoiseKind::chi_squared;
  const NumberRange df{.low = is_t ? 3.0 : 1.0, .high = 30.0, .whole = true};
  if (has_df && !reader.has("df")) reader.missing("df", df.text());
  noise.df = static_cast<std::int64_t>(
      reader.number("df", df).value_or(static_cast<double>(noise.df)));
  noise.share = reader.number("share", kShare).value_or(noise.share);
  noise.factor = reader.number("factor", kPositive).value_or(noise.factor);
  if (reader.has("df") && !has_df)
    reader.problem("df", "goes with kind = \"t\" or \"chi-squared\"");
  for (const char* of : {"share", "factor"}) {
    if (reader.has(of) && noise.kind != NoiseKind::contaminated)
      reader.problem(of, "goes with kind = \"contaminated\"");
  }
  if (key == "errors") {
    if (!study.is_gaussian())
      data.problem("errors",
                   "they go with family = \"gaussian\": no other response has any");
    return read_error_spread(reader, study);
  }
  for (const char* of : {"by", "slope"}) {
    if (reader.has(of)) reader.problem(of, "goes with errors");
  }
  for (const char* mean : {"prevalence", "mean"}) {
    if (data.has(mean) && !noise.is_normal())
      data.problem(mean,
                   "is computed for normal intercepts: give \"(Intercept)\" instead");
  }
}

}  // namespace

void read_noise(const TableReader& data, Study& study, Problems& problems) {
  read_one(data, "intercepts", study.intercepts, study, problems);
  read_one(data, "errors", study.errors, study, problems);
}

}  // namespace merit
