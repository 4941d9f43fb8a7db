// SPDX-License-Identifier: MIT
#include "engine/posterior/prior_set.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "engine/model/elementary.hpp"

namespace merit {
namespace {

/// R's median; reorders.
double median_of(std::vector<double>& values) {
  const auto half = static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), values.begin() + half, values.end());
  const double upper = values[static_cast<std::size_t>(half)];
  if (values.size() % 2 == 1) return upper;
  return 0.5 * (*std::max_element(values.begin(), values.begin() + half) + upper);
}

/// R's round(x, 1).
double to_tenths(double x) {
  return std::nearbyint(10.0 * x) / 10.0;
}

class Resolver {
 public:
  Resolver(const PriorModel& model, const DataScales& scales)
      : model_(model), scales_(scales) {
    set_.coefficient.resize(model.terms.size());
    set_.threshold.resize(model.thresholds.size());
  }

  void use_set(const std::string& word) {
    set_.tau_is_ratio = false;
    set_.intercept_is_centred = true;
    set_.warnings.clear();
    if (word == "brms") return use_brms();
    if (word == "rstanarm") return use_rstanarm();
    if (word == "mlwin") return use_mlwin();
    if (word == "flat") return use_flat();
    throw UsageError(
        fmt::format("--prior {}: give brms, rstanarm, mlwin or flat, or "
                    "PARAMETER~DISTRIBUTION such as "
                    "'sd~half_t(3, 2.5)'",
                    word.empty() ? "(nothing)" : word));
  }

  void use_one(const std::string& parameter, std::string_view text) {
    const auto location = [&] { return parse_prior(text, PriorRole::location); };
    const auto scale = [&] {
      const Prior prior = parse_prior(text, PriorRole::scale);
      note_inverse_gamma(parameter, prior);
      return prior;
    };
    if (parameter == "b") return set_all_coefficients(location());
    if (parameter == "Intercept" || parameter == "(Intercept)") {
      require(model_.has_intercept && model_.thresholds.empty(), parameter);
      set_.intercept = location();
      set_.intercept_is_centred = parameter == "Intercept";
      return;
    }
    if (parameter == "sd" || parameter == "tau" || parameter == "sd__(Intercept)") {
      set_.tau = scale();
      set_.tau_is_ratio = false;
      return;
    }
    if (parameter == "sd/sigma") {
      require(model_.family == Family::gaussian, parameter);
      set_.tau = scale();
      set_.tau_is_ratio = true;
      return;
    }
    if (parameter == "sigma" || parameter == "sd__Observation") {
      require(model_.family == Family::gaussian, parameter);
      set_.sigma = scale();
      return;
    }
    if (parameter == "theta" || parameter == "shape") {
      require(model_.family == Family::negbinomial, parameter);
      set_.dispersion = scale();
      return;
    }
    if (parameter == "thresholds") {
      require(!model_.thresholds.empty(), parameter);
      std::fill(set_.threshold.begin(), set_.threshold.end(), location());
      return;
    }
    set_named(parameter, text);
  }

  PriorSet take() { return std::move(set_); }

 private:
  void require(bool there, const std::string& parameter) const {
    if (!there) unknown(parameter);
  }

  [[noreturn]] void unknown(const std::string& parameter) const {
    std::vector<std::string> names = {"b"};
    if (model_.has_intercept && model_.thresholds.empty()) {
      names.insert(names.end(), {"Intercept", "(Intercept)"});
    }
    names.emplace_back("sd");
    if (model_.family == Family::gaussian)
      names.insert(names.end(), {"sd/sigma", "sigma"});
    if (model_.family == Family::negbinomial) names.emplace_back("theta");
    if (!model_.thresholds.empty()) names.emplace_back("thresholds");
    for (std::size_t k = model_.has_intercept ? 1 : 0; k < model_.terms.size(); ++k)
      names.push_back(model_.terms[k]);
    names.insert(names.end(), model_.thresholds.begin(), model_.thresholds.end());
    throw UsageError(
        fmt::format("--prior {}~…: the model has no such parameter; it has {}",
                    parameter,
                    fmt::join(names, ", ")));
  }

  void set_named(const std::string& parameter, std::string_view text) {
    const auto find = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), parameter) - names.begin();
    };
    const auto term = static_cast<std::size_t>(find(model_.terms));
    if (term < model_.terms.size()) {
      set_.coefficient[term] = parse_prior(text, PriorRole::location);
      return;
    }
    const auto threshold = static_cast<std::size_t>(find(model_.thresholds));
    if (threshold == model_.thresholds.size()) unknown(parameter);
    set_.threshold[threshold] = parse_prior(text, PriorRole::location);
  }

  void set_all_coefficients(const Prior& prior) {
    for (std::size_t k = model_.has_intercept ? 1 : 0; k < set_.coefficient.size(); ++k)
      set_.coefficient[k] = prior;
  }

  void note_inverse_gamma(const std::string& parameter, const Prior& prior) {
    const bool inverse = prior.kind == PriorKind::inverse_gamma ||
                         prior.kind == PriorKind::inverse_gamma_variance;
    if (!inverse || parameter == "sigma" || parameter == "theta" || parameter == "shape")
      return;
    set_.warnings.push_back(fmt::format(
        "{}: an inverse-gamma prior is far from uninformative where groups are few: its "
        "scale decides how small {} may be (Gelman 2006); compare with half_t(3, 2.5)",
        parameter,
        parameter));
  }

  void use_brms() {
    set_all_coefficients({});
    const double scale = std::max(2.5, to_tenths(scales_.mad_y));
    const double location = to_tenths(scales_.median_y);
    set_.intercept = make_prior(PriorKind::student_t, 3.0, location, scale);
    set_.tau = make_prior(PriorKind::half_student_t, 3.0, scale);
    set_.sigma = set_.tau;
    set_.dispersion = make_prior(PriorKind::inverse_gamma, 0.4, 0.3);
    std::fill(set_.threshold.begin(),
              set_.threshold.end(),
              make_prior(PriorKind::student_t, 3.0, 0.0, 2.5));
  }

  void use_rstanarm() {
    if (!model_.thresholds.empty()) {
      throw UsageError(
          "--prior rstanarm: rstanarm has no ordinal models with random intercepts, and "
          "so "
          "no priors for them; give brms or flat");
    }
    const bool gaussian = model_.family == Family::gaussian;
    const double probit = model_.link == Link::probit ? 1.5957691216057308 : 1.0;
    const double sd = gaussian ? scales_.sd_y : 1.0;
    for (std::size_t k = model_.has_intercept ? 1 : 0; k < set_.coefficient.size(); ++k) {
      const double sx = scales_.column_sd[static_cast<Eigen::Index>(k)];
      set_.coefficient[k] =
          make_prior(PriorKind::normal, 0.0, 2.5 * probit * sd / (sx > 0.0 ? sx : 1.0));
    }
    set_.intercept =
        make_prior(PriorKind::normal, gaussian ? scales_.mean_y : 0.0, 2.5 * probit * sd);
    set_.tau = make_prior(PriorKind::exponential, 1.0);
    set_.tau_is_ratio = gaussian;
    set_.sigma = make_prior(PriorKind::exponential, 1.0 / sd);
    set_.dispersion = make_prior(PriorKind::exponential, 1.0);
  }

  void use_mlwin() {
    use_flat();
    set_.tau = make_prior(PriorKind::inverse_gamma_variance, 0.001, 0.001);
    set_.sigma = set_.tau;
    note_inverse_gamma("sd", set_.tau);
  }

  void use_flat() {
    set_all_coefficients({});
    set_.intercept = {};
    set_.tau = {};
    set_.sigma = {};
    set_.dispersion = {};
    std::fill(set_.threshold.begin(), set_.threshold.end(), Prior{});
  }

  const PriorModel& model_;
  const DataScales& scales_;
  PriorSet set_;
};

}  // namespace

PriorSet resolve_priors(std::span<const std::string> given,
                        const PriorModel& model,
                        const DataScales& scales) {
  Resolver resolver(model, scales);
  resolver.use_set("brms");
  for (const std::string& text : given) {
    const std::size_t tilde = text.find('~');
    if (tilde == std::string::npos) {
      resolver.use_set(text);
      continue;
    }
    std::string parameter = text.substr(0, tilde);
    while (!parameter.empty() && parameter.back() == ' ')
      parameter.pop_back();
    resolver.use_one(parameter, std::string_view(text).substr(tilde + 1));
  }
  return resolver.take();
}

std::vector<std::pair<std::string, std::string>> describe(const PriorSet& priors,
                                                          const PriorModel& model) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](std::string name, const Prior& prior, PriorRole role) {
    out.emplace_back(std::move(name), text_of(prior, role));
  };
  for (std::size_t k = 0; k < model.thresholds.size(); ++k)
    add(model.thresholds[k], priors.threshold[k], PriorRole::location);
  const bool intercept = model.has_intercept && model.thresholds.empty();
  if (intercept) {
    add(priors.intercept_is_centred ? "Intercept" : "(Intercept)",
        priors.intercept,
        PriorRole::location);
  }
  for (std::size_t k = intercept ? 1 : 0; k < model.terms.size(); ++k)
    add(model.terms[k], priors.coefficient[k], PriorRole::location);
  if (model.family == Family::negbinomial)
    add("theta", priors.dispersion, PriorRole::scale);
  add(priors.tau_is_ratio ? "sd__(Intercept)/sd__Observation" : "sd__(Intercept)",
      priors.tau,
      PriorRole::scale);
  if (model.family == Family::gaussian)
    add("sd__Observation", priors.sigma, PriorRole::scale);
  return out;
}

DataScales data_scales(const PriorModel& model,
                       std::vector<double> y,
                       Eigen::VectorXd column_mean,
                       Eigen::VectorXd column_sd) {
  DataScales out;
  out.column_mean = std::move(column_mean);
  out.column_sd = std::move(column_sd);
  const bool gaussian = model.family == Family::gaussian;
  const bool log_link = model.link == Link::log;
  if ((!gaussian && !log_link) || y.empty()) return out;
  if (gaussian) {
    double mean = 0.0, squares = 0.0;
    for (const double value : y)
      mean += value;
    mean /= static_cast<double>(y.size());
    for (const double value : y)
      squares += (value - mean) * (value - mean);
    out.mean_y = mean;
    out.sd_y = std::sqrt(squares / (static_cast<double>(y.size()) - 1.0));
  } else {
    for (double& value : y)
      value = elementary::log(value == 0.0 ? 0.1 : value);
  }
  out.median_y = median_of(y);
  for (double& value : y)
    value = std::abs(value - out.median_y);
  out.mad_y = 1.4826 * median_of(y);
  return out;
}

}  // namespace merit
