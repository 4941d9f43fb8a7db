// SPDX-License-Identifier: MIT
#include "engine/study/conclusions.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace merit {
namespace {

/// What travels of a term beside its names.
constexpr double AnalysisTerm::*kNumbers[] = {&AnalysisTerm::estimate,
                                              &AnalysisTerm::std_error,
                                              &AnalysisTerm::statistic,
                                              &AnalysisTerm::df,
                                              &AnalysisTerm::p_value,
                                              &AnalysisTerm::conf_low,
                                              &AnalysisTerm::conf_high,
                                              &AnalysisTerm::fmi};

}  // namespace

const AnalysisTerm* AnalysisResult::find(const std::string& term) const {
  const AnalysisTerm* first = nullptr;
  for (const AnalysisTerm& row : terms) {
    if (row.term != term) continue;
    if (of_replicates(row)) return &row;
    if (first == nullptr) first = &row;
  }
  return first;
}

const AnalysisTerm* AnalysisResult::find(const std::string& term,
                                         const std::string& conf_type) const {
  const auto found = std::find_if(terms.begin(), terms.end(), [&](const auto& row) {
    return row.term == term && row.conf_type == conf_type;
  });
  return found == terms.end() ? nullptr : &*found;
}

bool of_replicates(const AnalysisTerm& term) {
  return !term.conf_type.empty() && term.conf_type != "wald";
}

Bytes pack(const AnalysisResult& result) {
  ByteWriter writer;
  writer.put_text(result.failure);
  writer.put_text(result.message);
  writer.put(result.num_obs);
  writer.put(result.num_groups);
  writer.put(result.converged);
  writer.put(result.boundary);
  writer.put(result.log_likelihood);
  writer.put(std::ssize(result.terms));
  for (const AnalysisTerm& row : result.terms) {
    writer.put_text(row.effect);
    writer.put_text(row.term);
    writer.put_text(row.conf_type);
    for (const auto number : kNumbers)
      writer.put(row.*number);
    writer.put(std::ssize(row.tested));
    for (const std::string& coefficient : row.tested)
      writer.put_text(coefficient);
  }
  writer.put(result.vcov.rows());
  writer.put_all(std::span<const double>(result.vcov.data(),
                                         static_cast<std::size_t>(result.vcov.size())));
  writer.put(std::ssize(result.groups));
  for (const std::string& group : result.groups)
    writer.put_text(group);
  writer.put_text(result.digest);
  return writer.take();
}

AnalysisResult unpack_analysis(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  AnalysisResult result;
  result.failure = reader.take_text();
  result.message = reader.take_text();
  result.num_obs = reader.take<std::int64_t>();
  result.num_groups = reader.take<std::int64_t>();
  result.converged = reader.take<bool>();
  result.boundary = reader.take<bool>();
  result.log_likelihood = reader.take<double>();
  result.terms.resize(static_cast<std::size_t>(reader.take<std::ptrdiff_t>()));
  for (AnalysisTerm& row : result.terms) {
    row.effect = reader.take_text();
    row.term = reader.take_text();
    row.conf_type = reader.take_text();
    for (const auto number : kNumbers)
      row.*number = reader.take<double>();
    row.tested.resize(static_cast<std::size_t>(reader.take<std::ptrdiff_t>()));
    for (std::string& coefficient : row.tested)
      coefficient = reader.take_text();
  }
  const auto p = reader.take<Eigen::Index>();
  const std::vector<double> vcov = reader.take_vector<double>();
  result.vcov = Eigen::Map<const Eigen::MatrixXd>(vcov.data(), p, p);
  result.groups.resize(static_cast<std::size_t>(reader.take<std::ptrdiff_t>()));
  for (std::string& group : result.groups)
    group = reader.take_text();
  result.digest = reader.take_text();
  return result;
}

std::string_view name(Decision decision) {
  switch (decision) {
    case Decision::negative:
      return "negative";
    case Decision::none:
      return "none";
    case Decision::positive:
      return "positive";
    case Decision::unknown:
      break;
  }
  return "";
}

Decision decision_of(const AnalysisTerm& term, double level) {
  if (of_replicates(term)) {
    if (std::isnan(term.conf_low) || std::isnan(term.conf_high)) return Decision::unknown;
    return term.conf_low > 0.0    ? Decision::positive
           : term.conf_high < 0.0 ? Decision::negative
                                  : Decision::none;
  }
  if (std::isnan(term.p_value)) return Decision::unknown;
  if (term.p_value >= 1.0 - level) return Decision::none;
  return term.estimate > 0.0 ? Decision::positive : Decision::negative;
}

std::vector<Conclusion> conclusions_of(const SensitivityStudy& study,
                                       std::span<const Analysis> analyses,
                                       std::span<const AnalysisResult> results,
                                       double level) {
  std::vector<std::string> terms = study.terms;
  if (terms.empty()) {
    for (const AnalysisTerm& row : results.front().terms) {
      if (row.effect == "fixed" && row.term != "(Intercept)") terms.push_back(row.term);
    }
  }
  std::vector<Conclusion> out;
  for (const std::string& term : terms) {
    Conclusion conclusion{.term = term};
    if (const AnalysisTerm* base = results.front().find(term))
      conclusion.base = decision_of(*base, level);
    for (std::size_t a = 0; a < results.size(); ++a) {
      const AnalysisTerm* row = results[a].find(term);
      if (row == nullptr || std::isnan(row->estimate)) continue;
      if (analyses[a].kind == "interaction") continue;
      conclusion.lowest = std::fmin(conclusion.lowest, row->estimate);
      conclusion.highest = std::fmax(conclusion.highest, row->estimate);
      if (a == 0) continue;
      ++conclusion.num_fits;
      if (decision_of(*row, level) != conclusion.base) conclusion.others.push_back(a);
    }
    out.push_back(std::move(conclusion));
  }
  return out;
}

std::vector<PartialGroup> partial_groups(std::span<const Analysis> analyses,
                                         std::span<const AnalysisResult> results) {
  std::map<std::string, std::vector<std::string>> waves_of;
  std::size_t num_waves = 0;
  for (std::size_t a = 0; a < analyses.size(); ++a) {
    if (analyses[a].kind != "wave" || !results[a].failure.empty()) continue;
    ++num_waves;
    for (const std::string& group : results[a].groups)
      waves_of[group].push_back(analyses[a].changes.front().second);
  }
  std::vector<PartialGroup> out;
  for (auto& [group, waves] : waves_of) {
    if (waves.size() < num_waves) out.push_back({group, std::move(waves)});
  }
  return out;
}

}  // namespace merit
