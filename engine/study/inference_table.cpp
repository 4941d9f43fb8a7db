// SPDX-License-Identifier: MIT
#include "engine/study/inference_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "engine/model/text.hpp"
#include "engine/posterior/prior_set.hpp"

namespace merit {
namespace {

template <class Value>
struct Choice {
  const char* word;
  Value value;
};

constexpr Choice<BootstrapType> kTypes[] = {
    {"parametric", BootstrapType::parametric},
    {"cases", BootstrapType::cases},
    {"residual", BootstrapType::residual},
    {"reb", BootstrapType::reb},
    {"wild", BootstrapType::wild},
    {"transformation", BootstrapType::transformation}};
constexpr Choice<ResampleUnit> kUnits[] = {{"groups", ResampleUnit::groups},
                                           {"rows", ResampleUnit::rows},
                                           {"both", ResampleUnit::both}};
constexpr Choice<WildWeights> kWeights[] = {{"rademacher", WildWeights::rademacher},
                                            {"mammen", WildWeights::mammen},
                                            {"webb", WildWeights::webb}};
constexpr Choice<IntervalType> kIntervals[] = {{"norm", IntervalType::norm},
                                               {"basic", IntervalType::basic},
                                               {"perc", IntervalType::perc},
                                               {"bc", IntervalType::bc},
                                               {"bca", IntervalType::bca},
                                               {"stud", IntervalType::stud}};

template <class Value, std::size_t N>
std::vector<std::string> words_of(const Choice<Value> (&choices)[N]) {
  std::vector<std::string> words;
  for (const Choice<Value>& choice : choices)
    words.emplace_back(choice.word);
  return words;
}

template <class Value, std::size_t N>
Value choice_of(const TableReader& reader,
                const std::string& key,
                const Choice<Value> (&choices)[N],
                Value otherwise) {
  const std::optional<std::string> given = reader.word(key, words_of(choices));
  for (const Choice<Value>& choice : choices) {
    if (given == choice.word) return choice.value;
  }
  return otherwise;
}

class InferenceReader {
 public:
  InferenceReader(const TableReader& reader,
                  bool family_known,
                  const Study& study,
                  StudyEstimator& out,
                  Problems& problems)
      : reader_(reader),
        family_known_(family_known),
        study_(study),
        out_(out),
        problems_(problems) {}

  void read() {
    read_df();
    if (out_.method == "posterior") {
      read_posterior();
    } else {
      for (const char* key : kPosteriorKeys) {
        if (reader_.has(key)) reader_.problem(key, "goes with method = \"posterior\"");
      }
    }
    if (const TomlNode* table = reader_.table("bootstrap")) read_bootstrap(*table);
  }

 private:
  /// Whether the estimator has a way of inference that `df` asks for.
  bool has(StudyDf df) const {
    const std::string& method = out_.method;
    if (method == "posterior" || is_bootstrap(df) || df == StudyDf::eti) return false;
    if (df == StudyDf::normal || df == StudyDf::between_within) return true;
    if (out_.is_external()) return false;
    if (df == StudyDf::profile)
      return method != "pooled" && !out_.has_dummies() && !out_.is_quasi();
    if (!study_.is_gaussian()) return false;
    if (is_cluster_robust(df)) return true;
    return method == "reml" || (method == "ml" && df == StudyDf::satterthwaite);
  }

  void read_df() {
    if (out_.method == "posterior") {
      out_.df = {StudyDf::eti};
      if (reader_.has("df"))
        reader_.problem("df",
                        "a posterior has equal-tailed intervals and no other: leave it "
                        "out");
      return;
    }
    if (!reader_.has("df")) return;
    out_.df.clear();
    std::vector<std::string> words;
    for (const StudyDf df : kStudyDfs) {
      const bool is_asked_for = !is_bootstrap(df) && df != StudyDf::eti;
      if (is_asked_for && (!family_known_ || has(df))) words.emplace_back(name(df));
    }
    for (const std::string& word : reader_.texts("df")) {
      if (std::find(words.begin(), words.end(), word) == words.end()) {
        refuse_df(word, words);
        continue;
      }
      for (const StudyDf df : kStudyDfs) {
        if (word == name(df) && !out_.has(df)) out_.df.push_back(df);
      }
    }
  }

  void refuse_df(const std::string& word, const std::vector<std::string>& words) {
    const auto is_word = [&](const auto& choice) { return word == choice.word; };
    std::string hint = did_you_mean(word, words);
    if (!hint.starts_with(',')) hint.clear();
    if (std::any_of(std::begin(kIntervals), std::end(kIntervals), is_word))
      hint = fmt::format("; write bootstrap = {{ replicates = 399, intervals = \"{}\" }}",
                         word);
    problems_.add(reader_.line("df"),
                  fmt::format("df = '{}': not one of {}, which '{}' has{}",
                              word,
                              fmt::join(words, ", "),
                              out_.method,
                              hint));
  }

  void read_bootstrap(const TomlNode& table) {
    const TableReader reader(table,
                             "bootstrap",
                             {"type",
                              "resample",
                              "reb_type",
                              "wild_hc",
                              "wild_weights",
                              "replicates",
                              "intervals"},
                             problems_);
    if (out_.method == "pooled" || out_.has_dummies() || out_.method == "posterior" ||
        out_.is_external()) {
      reader_.problem("bootstrap",
                      fmt::format("is of a fitted random-intercept model, which '{}' is "
                                  "not",
                                  out_.method));
      return;
    }
    DataSetBootstrap bootstrap;
    BootstrapPlan& plan = bootstrap.plan;
    plan.type = choice_of(reader, "type", kTypes, plan.type);
    plan.unit = choice_of(reader, "resample", kUnits, plan.unit);
    const auto reb = reader.number("reb_type", {.low = 0, .high = 2, .whole = true});
    plan.reb_type = static_cast<RebType>(static_cast<int>(reb.value_or(1.0)));
    const auto hc = reader.number("wild_hc", {.low = 2, .high = 3, .whole = true});
    plan.wild_hc = static_cast<WildHc>(static_cast<int>(hc.value_or(2.0)));
    plan.wild_weights = choice_of(reader, "wild_weights", kWeights, plan.wild_weights);
    const NumberRange count{.low = 2, .high = 1e6, .whole = true};
    bootstrap.replicates =
        static_cast<std::int64_t>(reader.number("replicates", count).value_or(0.0));
    if (!reader.has("replicates"))
      reader.missing("replicates", "of each data set, e.g. 399");
    const auto belongs = [&](const char* key, BootstrapType type) {
      if (reader.has(key) && plan.type != type)
        reader.problem(key, fmt::format("goes with type = \"{}\"", name(type)));
    };
    belongs("resample", BootstrapType::cases);
    belongs("reb_type", BootstrapType::reb);
    belongs("wild_hc", BootstrapType::wild);
    belongs("wild_weights", BootstrapType::wild);
    const bool draws_residuals =
        plan.type != BootstrapType::parametric && plan.type != BootstrapType::cases;
    if (draws_residuals && !study_.is_gaussian() && family_known_)
      reader.problem("type",
                     fmt::format("draws residuals, which family {} does not have on the "
                                 "scale of the response: give parametric or cases",
                                 name(study_.family)));
    read_intervals(reader, bootstrap);
    for (const IntervalType type : bootstrap.intervals)
      out_.df.push_back(study_df(type));
    out_.bootstrap = std::move(bootstrap);
  }

  void read_intervals(const TableReader& reader, DataSetBootstrap& bootstrap) {
    if (!reader.has("intervals")) return;
    bootstrap.intervals.clear();
    const std::vector<std::string> words = words_of(kIntervals);
    for (const std::string& word : reader.texts("intervals")) {
      const auto found = std::find(words.begin(), words.end(), word);
      if (found == words.end()) {
        std::string hint = did_you_mean(word, words);
        if (!hint.starts_with(',')) hint.clear();
        if (word == "calibrated")
          hint = "; calibrated ones bootstrap every replicate once more";
        problems_.add(
            reader.line("intervals"),
            fmt::format(
                "intervals = '{}': not one of {}{}", word, fmt::join(words, ", "), hint));
        continue;
      }
      const IntervalType type = kIntervals[found - words.begin()].value;
      if (!bootstrap.wants(type)) bootstrap.intervals.push_back(type);
    }
  }

  void read_posterior() {
    DataSetPosterior posterior;
    posterior.priors = reader_.texts("prior");
    if (!reader_.has("prior"))
      reader_.missing("prior", "as --prior: brms, rstanarm, mlwin, flat, or a list");
    const auto count = [&](const char* key, double least, std::int64_t otherwise) {
      const NumberRange range{.low = least, .high = 1e6, .whole = true};
      return static_cast<std::int64_t>(
          reader_.number(key, range).value_or(static_cast<double>(otherwise)));
    };
    posterior.chains = count("chains", 1, posterior.chains);
    posterior.draws = count("draws", 4, posterior.draws);
    posterior.warmup = count("warmup", 0, posterior.warmup);
    posterior.median = reader_.word("point", {"mean", "median"}) == "median";
    check_priors(posterior);
    out_.posterior = std::move(posterior);
  }

  /// That they parse and name parameters of the model: on scales of no data.
  void check_priors(DataSetPosterior& posterior) {
    if (posterior.priors.empty() || !family_known_ || out_.terms.empty()) return;
    PriorModel model{.family = study_.family, .link = study_.link};
    model.has_intercept = study_.family != Family::ordinal;
    for (const std::size_t t : out_.terms) {
      const StudyTerm& term = study_.terms[t];
      if (term.has_column()) model.terms.push_back(term.name);
      if (term.kind == TermKind::threshold) model.thresholds.push_back(term.name);
    }
    const auto p = static_cast<Eigen::Index>(model.terms.size());
    try {
      const PriorSet priors = resolve_priors(posterior.priors,
                                             model,
                                             {.column_mean = Eigen::VectorXd::Zero(p),
                                              .column_sd = Eigen::VectorXd::Ones(p)});
      posterior.least_groups = least_groups(priors);
    } catch (const UsageError& error) {
      std::string what = error.what();
      if (what.starts_with("--")) what.erase(0, 2);  // as in a file
      problems_.add(reader_.line("prior"), what);
    }
  }

  /// What GaussianEnvelope and improper_reason() need at the least: two groups more than columns
  /// that are constant within groups, three under a flat variance. Proper priors of coefficients
  /// count in other families than the Gaussian.
  std::int64_t least_groups(const PriorSet& priors) const {
    if (priors.tau.is_proper()) return 0;
    std::int64_t least = priors.tau.kind == PriorKind::flat_variance ? 3 : 2;
    std::size_t column = 0;
    for (const std::size_t t : out_.terms) {
      const StudyTerm& term = study_.terms[t];
      if (!term.has_column()) continue;
      const Prior& prior = term.kind == TermKind::intercept ? priors.intercept
                                                            : priors.coefficient[column];
      ++column;
      const bool counts = study_.is_gaussian() || !prior.is_proper();
      if (study_.between_groups(term) && counts) ++least;
    }
    return least;
  }

  const TableReader& reader_;
  bool family_known_;
  const Study& study_;
  StudyEstimator& out_;
  Problems& problems_;
};

}  // namespace

void read_inference(const TableReader& reader,
                    bool family_known,
                    const Study& study,
                    StudyEstimator& estimator,
                    Problems& problems) {
  InferenceReader(reader, family_known, study, estimator, problems).read();
}

}  // namespace merit
