// SPDX-License-Identifier: MIT
#include "engine/study/study_columns.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace merit {
namespace {

std::int64_t index_in(const std::vector<StudyDf>& ways, StudyDf df) {
  return std::find(ways.begin(), ways.end(), df) - ways.begin();
}

}  // namespace

StudyColumns::StudyColumns(const Study& study) {
  for (const StudyTerm& term : study.terms)
    terms_.push_back(term.name);
  for (const StudyDf df : kStudyDfs) {
    const bool used = std::any_of(study.estimators.begin(),
                                  study.estimators.end(),
                                  [df](const StudyEstimator& e) { return e.has(df); });
    if (used && is_estimated(df)) estimated_.push_back(df);
    if (used && keeps_interval(df)) kept_.push_back(df);
  }
  has_spread_ = std::any_of(
      kept_.begin(), kept_.end(), [](StudyDf df) { return df != StudyDf::profile; });
}

std::int64_t StudyColumns::num_with_error() const {
  return first_spread() + num_parameters() * (has_spread_ ? 1 : 0) +
         num_parameters() * std::ssize(kept_);
}

std::int64_t StudyColumns::place(std::size_t term, StudyDf df) const {
  const auto at = static_cast<std::int64_t>(term);
  if (!is_estimated(df)) return at;
  return std::ssize(terms_) * (1 + index_in(estimated_, df)) + at;
}

std::int64_t StudyColumns::spread(std::size_t parameter) const {
  return first_spread() + static_cast<std::int64_t>(parameter);
}

std::int64_t StudyColumns::interval(std::size_t parameter, StudyDf way) const {
  return spread(parameter) +
         num_parameters() * ((has_spread_ ? 1 : 0) + index_in(kept_, way));
}

std::vector<std::string> StudyColumns::names() const {
  std::vector<std::string> out = terms_;
  for (const StudyDf df : estimated_) {
    for (const std::string& term : terms_)
      out.push_back(fmt::format("df[{}][{}]", name(df), term));
  }
  std::vector<std::string> parameters = terms_;
  parameters.insert(parameters.end(), {kSdIntercept, kSdObservation});
  if (has_spread_) {
    for (const std::string& parameter : parameters)
      out.push_back(fmt::format("draws[{}]", parameter));
  }
  for (const StudyDf way : kept_) {
    for (const std::string& parameter : parameters)
      out.push_back(fmt::format("interval[{}][{}]", name(way), parameter));
  }
  return out;
}

}  // namespace merit
