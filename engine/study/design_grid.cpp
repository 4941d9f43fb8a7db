// SPDX-License-Identifier: MIT
#include "engine/study/design_grid.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "engine/study/prevalence.hpp"

namespace merit {
namespace {

const std::vector<std::string> kSizeKeys = {
    "mean", "sd", "cv", "min", "snapshot", "column", "where"};

class GridReader {
 public:
  GridReader(const std::vector<std::size_t>& data_terms,
             const std::vector<double>& thresholds,
             bool family_known,
             bool values_known,
             const Study& study,
             Problems& problems)
      : data_terms_(data_terms),
        thresholds_(thresholds),
        family_known_(family_known),
        values_known_(values_known),
        study_(study),
        problems_(problems) {}

  DesignGrid read(const TableReader& data) {
    read_grid(data);
    return std::move(out_);
  }

 private:
  bool counts() const {
    return study_.family == Family::poisson || study_.family == Family::negbinomial;
  }

  void add_axis(std::string name,
                const std::optional<NumberList>& list,
                std::function<void(StudyCell&, double)> set) {
    if (list) out_.axes.push_back({std::move(name), list->values, std::move(set)});
  }

  void read_grid(const TableReader& data) {
    if (study_.sizes_from && !data.has("groups")) {
      out_.start.num_groups = study_.snapshots[*study_.sizes_from].num_groups();
      out_.start.all_groups = true;
    } else if (!data.has("groups")) {
      data.missing("groups", "the number of groups J");
    }
    add_axis("groups",
             data.numbers("groups", {.low = 2, .high = 1e6, .whole = true}),
             [](StudyCell& cell, double value) {
               cell.num_groups = static_cast<std::int64_t>(value);
             });
    read_sizes(data);
    const auto sigma = data.numbers("sigma", kPositive);
    if (data.has("sigma") && !study_.is_gaussian() && family_known_)
      data.problem("sigma", "only a Gaussian response has a residual sd");
    add_axis("sigma", sigma, [](StudyCell& cell, double value) { cell.sigma = value; });
    read_spread(data);
    read_coefficients(data);
  }

  void read_sizes(const TableReader& data) {
    const NumberRange sizes{.low = 1, .high = 1e7};
    const TomlNode* size = data.node("group_size");
    if (size == nullptr) return data.missing("group_size", "rows per group");
    if (size->kind != TomlNode::Kind::table) {
      const NumberRange whole{.low = 1, .high = 1e7, .whole = true};
      return add_axis("group_size",
                      data.numbers("group_size", whole),
                      [](StudyCell& cell, double value) { cell.size.mean = value; });
    }
    const TableReader reader(*size, "group_size", kSizeKeys, problems_);
    if (reader.has("snapshot")) return use_real_sizes();
    if (!reader.has("mean")) reader.missing("mean", "mean rows per group");
    if (reader.has("sd") == reader.has("cv"))
      reader.missing("sd", "give either sd or cv = sd/mean");
    add_axis("group_size",
             reader.numbers("mean", sizes),
             [](StudyCell& cell, double value) { cell.size.mean = value; });
    add_axis("group_size.sd",
             reader.numbers("sd", kPositive),
             [](StudyCell& cell, double value) { cell.size.sd = value; });
    add_axis(
        "group_size.cv",
        reader.numbers("cv", kPositive),
        [](StudyCell& cell, double value) { cell.size.sd = value * cell.size.mean; });
    const auto least = reader.number("min", {.low = 1, .high = 1e7, .whole = true});
    out_.start.size.least = static_cast<std::int64_t>(least.value_or(1.0));
  }

  /// Mean and sd of the groups that read_covariates has found.
  void use_real_sizes() {
    if (!study_.sizes_from) return;  // told already
    const SnapshotColumns& real = study_.snapshots[*study_.sizes_from];
    const auto J = static_cast<double>(real.num_groups());
    const double mean = static_cast<double>(real.num_rows()) / J;
    double squares = 0.0;
    for (std::int64_t j = 0; j < real.num_groups(); ++j) {
      const double away = static_cast<double>(real.size(j)) - mean;
      squares += away * away;
    }
    out_.start.size.mean = mean;
    out_.start.size.sd = std::sqrt(squares / J);
  }

  void read_spread(const TableReader& data) {
    const NumberRange icc{.low = 0.0, .high = 1.0, .open_high = true};
    const auto iccs = data.numbers("icc", icc);
    const auto taus = data.numbers("tau", kNotNegative);
    if (data.has("icc") && data.has("tau"))
      data.problem("icc", "tau is given too: give one of them");
    const std::string or_icc = counts() ? "" : ", or icc";
    if (!data.has("icc") && !data.has("tau"))
      data.missing("tau", "the sd of the group intercepts" + or_icc);
    if (data.has("icc") && counts() && family_known_)
      data.problem("icc", "counts have no scale for it: give tau");
    add_axis("tau", taus, [](StudyCell& cell, double value) { cell.tau = value; });
    const double latent = latent_variance(study_.family, study_.link);
    const bool gaussian = study_.is_gaussian();
    add_axis("icc", iccs, [latent, gaussian](StudyCell& cell, double value) {
      const double within = gaussian ? cell.sigma * cell.sigma : latent;
      cell.tau = std::sqrt(within * value / (1.0 - value));
    });
  }

  /// What the mean response may be given as, in the place of the intercept: its key.
  const char* mean_key() const {
    return study_.family == Family::binomial ? "prevalence" : counts() ? "mean" : nullptr;
  }

  void read_coefficients(const TableReader& data) {
    const auto prevalences = data.numbers("prevalence", kShare);
    const auto means = data.numbers("mean", kPositive);
    const auto thetas = data.numbers("theta", kPositive);
    const bool negbinomial = study_.family == Family::negbinomial;
    if (family_known_) {
      if (data.has("prevalence") && study_.family != Family::binomial)
        data.problem("prevalence", "goes with family = \"binomial\"");
      if (data.has("mean") && !counts())
        data.problem("mean", "goes with family = \"poisson\" or \"negbinomial\"");
      if (data.has("theta") && !negbinomial)
        data.problem("theta", "goes with family = \"negbinomial\"");
      if (!data.has("theta") && negbinomial)
        data.missing("theta", "the variance of a count is mean + mean^2/theta");
    }
    const bool has_mean = mean_key() != nullptr && data.has(mean_key());
    out_.start.beta.assign(study_.terms.size(), 0.0);
    std::copy(thresholds_.begin(), thresholds_.end(), out_.start.beta.begin());
    std::vector<std::string> names;
    for (const std::size_t t : data_terms_) {
      if (study_.terms[t].has_column()) names.push_back(study_.terms[t].name);
    }
    if (data_terms_.empty()) return;  // told already
    const TomlNode* table = data.table("coefficients");
    static const TomlNode kNone;
    const TableReader reader(
        table == nullptr ? kNone : *table, "[data.coefficients]", names, problems_);
    for (const std::size_t t : data_terms_) {
      const StudyTerm& term = study_.terms[t];
      if (term.kind == TermKind::theta)
        add_axis("theta", thetas, [t](StudyCell& cell, double value) {
          cell.beta[t] = value;
        });
      if (!term.has_column()) continue;
      const std::string& name = term.name;
      const bool replaced = t == 0 && has_mean;
      if (replaced && reader.has(name))
        reader.problem(name,
                       fmt::format("{} is given too: give one of them", mean_key()));
      if (!reader.has(name) && !replaced) {
        problems_.add(table == nullptr ? data.line() : table->line,
                      fmt::format("[data.coefficients] lacks \"{}\"{}",
                                  name,
                                  t == 0 && mean_key() != nullptr
                                      ? fmt::format(" (or give {})", mean_key())
                                      : ""));
      }
      add_axis(name,
               reader.numbers(name, kAnyNumber),
               [t](StudyCell& cell, double value) { cell.beta[t] = value; });
    }
    if (has_mean && prevalence_points(study_) > kMostPrevalencePoints) {
      data.problem(mean_key(),
                   "too many covariates stand in products for it to be computed: give "
                   "\"(Intercept)\" in [data.coefficients]");
      return;
    }
    // Last, because it depends on all the others.
    // A result file has the intercepts of studies with real data (with_snapshots).
    const bool computes = values_known_ || study_.snapshots.empty();
    const auto set = [&study = study_, computes](StudyCell& cell, double value) {
      if (computes) cell.beta[0] = intercept_for(study, cell, value);
    };
    if (study_.family == Family::binomial) add_axis("prevalence", prevalences, set);
    if (counts()) add_axis("mean", means, set);
  }

  const std::vector<std::size_t>& data_terms_;
  const std::vector<double>& thresholds_;
  const bool family_known_, values_known_;
  const Study& study_;
  Problems& problems_;
  DesignGrid out_;
};

}  // namespace

DesignGrid read_design_grid(const TableReader& data,
                            const std::vector<std::size_t>& data_terms,
                            const std::vector<double>& thresholds,
                            bool family_known,
                            bool values_known,
                            const Study& study,
                            Problems& problems) {
  return GridReader(data_terms, thresholds, family_known, values_known, study, problems)
      .read(data);
}

}  // namespace merit
