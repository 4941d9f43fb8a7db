// SPDX-License-Identifier: MIT
#include "engine/study/study_columns.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace merit {

StudyColumns::StudyColumns(const Study& study) {
  for (const StudyTerm& term : study.terms)
    terms_.push_back(term.name);
  for (const StudyDf df : kStudyDfs) {
    const bool used = std::any_of(
        study.estimators.begin(), study.estimators.end(), [df](const StudyEstimator& e) {
          return std::find(e.df.begin(), e.df.end(), df) != e.df.end();
        });
    if (used && is_estimated(df)) estimated_.push_back(df);
  }
}

std::int64_t StudyColumns::num_with_error() const {
  return std::ssize(terms_) * (1 + std::ssize(estimated_));
}

std::int64_t StudyColumns::place(std::size_t term, StudyDf df) const {
  const auto at = static_cast<std::int64_t>(term);
  if (!is_estimated(df)) return at;
  const auto k = std::find(estimated_.begin(), estimated_.end(), df) - estimated_.begin();
  return std::ssize(terms_) * (1 + k) + at;
}

std::vector<std::string> StudyColumns::names() const {
  std::vector<std::string> out = terms_;
  for (const StudyDf df : estimated_) {
    for (const std::string& term : terms_)
      out.push_back(fmt::format("df[{}][{}]", name(df), term));
  }
  return out;
}

}  // namespace merit
