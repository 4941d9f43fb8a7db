// SPDX-License-Identifier: MIT
#include "engine/cli/sensitivity_tables.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "engine/error.hpp"

namespace merit {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;
using Counts = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

const std::pair<const char*, std::string ModelSettings::*> kSettings[] = {
    {"formula", &ModelSettings::formula},
    {"family", &ModelSettings::family},
    {"link", &ModelSettings::link},
    {"method", &ModelSettings::method},
    {"nagq", &ModelSettings::nagq},
    {"where", &ModelSettings::where},
    {"offset", &ModelSettings::offset},
    {"trials", &ModelSettings::trials}};

const std::pair<const char*, double AnalysisTerm::*> kNumbers[] = {
    {"estimate", &AnalysisTerm::estimate},
    {"std_error", &AnalysisTerm::std_error},
    {"statistic", &AnalysisTerm::statistic},
    {"df", &AnalysisTerm::df},
    {"p_value", &AnalysisTerm::p_value},
    {"conf_low", &AnalysisTerm::conf_low},
    {"conf_high", &AnalysisTerm::conf_high},
    {"fmi", &AnalysisTerm::fmi},
    {"dfbetas", &AnalysisTerm::dfbetas}};

/// All in one line.
std::string priors_text(const ModelSettings& model) {
  return fmt::format("{}", fmt::join(model.priors, "; "));
}

/// A column of one entry per element.
template <class T, class Element, class Get>
std::vector<T> column_of(const std::vector<Element>& elements, const Get& get) {
  std::vector<T> out;
  out.reserve(elements.size());
  for (const Element& element : elements)
    out.push_back(get(element));
  return out;
}

StoredTable analyses_table(const std::vector<Analysis>& analyses,
                           const std::vector<AnalysisResult>& results,
                           std::int64_t replicates) {
  StoredTable table{.name = "analyses"};
  const auto add = [&table](const char* name, auto column) {
    table.columns.emplace_back(name, std::move(column));
  };
  add("kind", column_of<std::string>(analyses, [](const auto& a) { return a.kind; }));
  add("label", column_of<std::string>(analyses, [](const auto& a) { return a.label(); }));
  add("changes", column_of<std::string>(analyses, [](const auto& a) {
        Json changes = Json::object();
        for (const auto& [key, value] : a.changes)
          changes[key] = value;
        return changes.dump();
      }));
  for (const auto& [name, member] : kSettings) {
    add(name, column_of<std::string>(analyses, [m = member](const auto& a) {
          return a.model.*m;
        }));
  }
  add("priors", column_of<std::string>(analyses, [](const auto& a) {
        return priors_text(a.model);
      }));
  using Result = AnalysisResult;
  const auto of = [&]<class T>(const char* name, T Result::*member) {
    using Stored = std::conditional_t<std::is_same_v<T, bool>, std::int64_t, T>;
    add(name, column_of<Stored>(results, [member](const Result& r) -> Stored {
          return r.*member;
        }));
  };
  of("digest", &Result::digest);
  of("num_obs", &Result::num_obs);
  of("num_groups", &Result::num_groups);
  of("converged", &Result::converged);
  of("boundary", &Result::boundary);
  of("log_likelihood", &Result::log_likelihood);
  of("cooks_distance", &Result::cooks_distance);
  of("message", &Result::message);
  of("failure", &Result::failure);
  Counts first(analyses.size(), -1);
  std::int64_t next = 0;
  for (const std::size_t number : bootstrapped(analyses, results))
    first[number] = replicates * next++;
  add("first_replicate", replicates > 0 ? first : Counts(analyses.size(), -1));
  return table;
}

StoredTable estimates_table(const std::vector<AnalysisResult>& results) {
  Counts analysis;
  std::vector<const AnalysisTerm*> rows;
  for (std::size_t a = 0; a < results.size(); ++a) {
    for (const AnalysisTerm& row : results[a].terms) {
      analysis.push_back(static_cast<std::int64_t>(a) + 1);
      rows.push_back(&row);
    }
  }
  StoredTable table{.name = "estimates", .columns = {{"analysis", analysis}}};
  const auto texts = [&](const char* name, std::string AnalysisTerm::*member) {
    table.columns.emplace_back(name, column_of<std::string>(rows, [&](const auto* row) {
                                 return row->*member;
                               }));
  };
  texts("effect", &AnalysisTerm::effect);
  texts("term", &AnalysisTerm::term);
  texts("conf_type", &AnalysisTerm::conf_type);
  for (const auto& [name, member] : kNumbers) {
    table.columns.emplace_back(
        name, column_of<double>(rows, [m = member](const auto* row) { return row->*m; }));
  }
  return table;
}

/// The names that the rows and columns of a fit's covariance matrix have.
Texts fixed_terms(const AnalysisResult& result) {
  Texts out;
  for (const AnalysisTerm& row : result.terms) {
    if (row.effect == "fixed" && !of_replicates(row)) out.push_back(row.term);
  }
  return out;
}

StoredTable covariances_table(const std::vector<AnalysisResult>& results) {
  Counts analysis;
  Texts row, column;
  Numbers covariance;
  for (std::size_t a = 0; a < results.size(); ++a) {
    const Eigen::MatrixXd& vcov = results[a].vcov;
    const Texts terms = fixed_terms(results[a]);
    for (Eigen::Index i = 0; i < vcov.rows(); ++i) {
      for (Eigen::Index j = 0; j < vcov.cols(); ++j) {
        analysis.push_back(static_cast<std::int64_t>(a) + 1);
        row.push_back(terms.at(static_cast<std::size_t>(i)));
        column.push_back(terms.at(static_cast<std::size_t>(j)));
        covariance.push_back(vcov(i, j));
      }
    }
  }
  return {.name = "covariances",
          .columns = {{"analysis", analysis},
                      {"row", row},
                      {"column", column},
                      {"covariance", covariance}}};
}

StoredTable groups_table(const std::vector<AnalysisResult>& results) {
  Counts analysis;
  Texts level;
  for (std::size_t a = 0; a < results.size(); ++a) {
    for (const std::string& group : results[a].groups) {
      analysis.push_back(static_cast<std::int64_t>(a) + 1);
      level.push_back(group);
    }
  }
  return {.name = "groups", .columns = {{"analysis", analysis}, {"level", level}}};
}

/// The fit that a row of a table is of. @throws IoError
AnalysisResult& result_at(std::vector<AnalysisResult>& results, std::int64_t analysis) {
  if (analysis < 1 || analysis > std::ssize(results))
    throw IoError(fmt::format("damaged: there is no analysis {}", analysis));
  return results[static_cast<std::size_t>(analysis - 1)];
}

}  // namespace

std::vector<std::size_t> bootstrapped(const std::vector<Analysis>& analyses,
                                      const std::vector<AnalysisResult>& results) {
  std::vector<std::size_t> out;
  for (std::size_t a = 0; a < results.size(); ++a) {
    const bool a_fit = analyses[a].model.priors.empty() && results[a].failure.empty();
    if (a_fit && results[a].converged) out.push_back(a);
  }
  return out;
}

Texts coefficients_of(const std::vector<AnalysisResult>& results,
                      const std::vector<std::size_t>& numbers) {
  Texts out;
  for (const std::size_t number : numbers) {
    for (const std::string& term : fixed_terms(results[number])) {
      if (std::find(out.begin(), out.end(), term) == out.end()) out.push_back(term);
    }
  }
  return out;
}

std::string settings_text(const ModelSettings& model) {
  std::string out;
  for (const auto& [name, member] : kSettings)
    out += "\t" + model.*member;
  return out + "\t" + priors_text(model);
}

std::vector<StoredTable> tables_of(const std::vector<Analysis>& analyses,
                                   const std::vector<AnalysisResult>& results,
                                   const std::vector<std::string>& notes,
                                   std::int64_t replicates) {
  return {analyses_table(analyses, results, replicates),
          estimates_table(results),
          covariances_table(results),
          groups_table(results),
          {.name = "notes", .columns = {{"text", notes}}}};
}

std::vector<Analysis> read_analyses(const std::vector<StoredTable>& tables) {
  const StoredTable& table = find_table(tables, "analyses");
  std::vector<Analysis> out(table.num_rows());
  const Texts& kind = table.column<std::string>("kind");
  const Texts& changes = table.column<std::string>("changes");
  for (std::size_t a = 0; a < out.size(); ++a) {
    out[a].kind = kind[a];
    const Json stored = Json::parse(changes[a], nullptr, false);
    if (!stored.is_object()) throw IoError("damaged: table 'analyses': " + changes[a]);
    for (const auto& [key, value] : stored.items())
      out[a].changes.emplace_back(key, value.is_string() ? value.get<std::string>() : "");
    for (const auto& [name, member] : kSettings)
      out[a].model.*member = table.column<std::string>(name)[a];
    const std::string& priors = table.column<std::string>("priors")[a];
    if (!priors.empty()) out[a].model.priors = {priors};
  }
  return out;
}

std::vector<AnalysisResult> read_results(const std::vector<StoredTable>& tables) {
  const StoredTable& analyses = find_table(tables, "analyses");
  std::vector<AnalysisResult> out(analyses.num_rows());
  for (std::size_t a = 0; a < out.size(); ++a) {
    AnalysisResult& result = out[a];
    result.digest = analyses.column<std::string>("digest")[a];
    result.num_obs = analyses.column<std::int64_t>("num_obs")[a];
    result.num_groups = analyses.column<std::int64_t>("num_groups")[a];
    result.converged = analyses.column<std::int64_t>("converged")[a] != 0;
    result.boundary = analyses.column<std::int64_t>("boundary")[a] != 0;
    result.log_likelihood = analyses.column<double>("log_likelihood")[a];
    result.cooks_distance = analyses.column<double>("cooks_distance")[a];
    result.message = analyses.column<std::string>("message")[a];
    result.failure = analyses.column<std::string>("failure")[a];
  }
  const StoredTable& estimates = find_table(tables, "estimates");
  const Counts& analysis = estimates.column<std::int64_t>("analysis");
  for (std::size_t k = 0; k < analysis.size(); ++k) {
    AnalysisTerm& row = result_at(out, analysis[k]).terms.emplace_back();
    row.effect = estimates.column<std::string>("effect")[k];
    row.term = estimates.column<std::string>("term")[k];
    row.conf_type = estimates.column<std::string>("conf_type")[k];
    for (const auto& [name, member] : kNumbers)
      row.*member = estimates.column<double>(name)[k];
  }
  const StoredTable& covariances = find_table(tables, "covariances");
  const Counts& of = covariances.column<std::int64_t>("analysis");
  const Numbers& value = covariances.column<double>("covariance");
  for (std::size_t first = 0; first < of.size();) {
    std::size_t end = first;
    while (end < of.size() && of[end] == of[first])
      ++end;
    const auto p = static_cast<Eigen::Index>(
        std::lround(std::sqrt(static_cast<double>(end - first))));
    if (p * p != static_cast<Eigen::Index>(end - first))
      throw IoError("damaged: table 'covariances': a matrix that is not square");
    // Stored row by row.
    result_at(out, of[first]).vcov =
        Eigen::Map<const Eigen::MatrixXd>(value.data() + first, p, p).transpose();
    first = end;
  }
  const StoredTable& groups = find_table(tables, "groups");
  const Texts& level = groups.column<std::string>("level");
  for (std::size_t k = 0; k < level.size(); ++k)
    result_at(out, groups.column<std::int64_t>("analysis")[k]).groups.push_back(level[k]);
  return out;
}

const Counts& first_replicates(const std::vector<StoredTable>& tables) {
  return find_table(tables, "analyses").column<std::int64_t>("first_replicate");
}

}  // namespace merit
