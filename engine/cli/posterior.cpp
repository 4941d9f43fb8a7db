// SPDX-License-Identifier: MIT
#include "engine/cli/posterior.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/cli/posterior_data.hpp"
#include "engine/error.hpp"
#include "engine/posterior/gaussian_sampler.hpp"
#include "engine/posterior/gaussian_target.hpp"

namespace merit {
namespace {

constexpr std::int64_t kWarmup = 200;

/// Pareto k of proposals from which on the prior is drawn from by slices. Priors have heavier tails than
/// posteriors, and slices of them cost next to nothing.
constexpr double kWorstKOfPrior = 0.25;

Conditioning conditioning(const SampleCommand& command) {
  return command.prior_only ? Conditioning::nothing : Conditioning::data;
}

/// That there is something to draw from. @throws UsageError naming the first improper prior
void require_proper_priors(
    const std::vector<std::pair<std::string, std::string>>& priors) {
  for (const auto& [parameter, distribution] : priors) {
    if (distribution != "flat" && distribution != "flat_var") continue;
    throw UsageError(fmt::format(
        "--prior-only: the prior of {} is {}, which nothing can be drawn from; give it a "
        "proper one, e.g. --prior rstanarm, or --prior '{}~{}'",
        parameter,
        distribution,
        parameter,
        distribution == "flat_var" || parameter.starts_with("sd__") ? "half_t(3, 2.5)"
                                                                    : "normal(0, 2.5)"));
  }
}

/// The largest divisor of n that is not above `most`.
std::int64_t largest_divisor(std::int64_t n, std::int64_t most) {
  std::int64_t divisor = std::min(n, most);
  while (n % divisor != 0)
    --divisor;
  return divisor;
}

void use_proposals(std::shared_ptr<const IndependenceSampler> sampler, Posterior& out) {
  out.stored.sampler.emplace_back("acceptance", sampler->pilot().acceptance);
  out.stored.sampler.emplace_back("pareto_k", sampler->pilot().pareto_k);
  out.stored.sampler.emplace_back("proposal_df", sampler->proposal_width().degrees);
  out.stored.sampler.emplace_back("proposal_scale", sampler->proposal_width().factor);
  out.proposals = std::move(sampler);
}

/// Of a posterior whose group intercepts are integrated out. @param reason  for it, so far
void use_chains(const SampleCommand& command,
                const std::shared_ptr<const MarginalPosterior>& marginal,
                std::string reason,
                Posterior& out) {
  out.warmup = command.warmup.value_or(kWarmup);
  auto sampler = std::make_shared<const IndependenceSampler>(
      marginal, out.shape, out.warmup, command.run.seed);
  const bool good = sampler->is_good() &&
                    !(command.prior_only && sampler->pilot().pareto_k > kWorstKOfPrior);
  if (!good) {
    reason +=
        fmt::format("{}independent proposals do not cover the tails (Pareto k {:.2f})",
                    reason.empty() ? "" : ", and ",
                    sampler->pilot().pareto_k);
  }
  Attributes& said = out.stored.sampler;
  said = {{"method", std::string(good ? "an independence sampler" : "a slice sampler")}};
  if (!reason.empty()) said.emplace_back("reason", reason);
  if (good) {
    use_proposals(std::move(sampler), out);
  } else {
    said.emplace_back("pareto_k", sampler->pilot().pareto_k);
    out.slices = std::make_shared<const SliceSampler>(
        marginal, out.shape, out.warmup, command.run.seed);
  }
  said.emplace_back("ladder_rungs",
                    static_cast<std::int64_t>(marginal->ladder.rungs().size()));
  said.emplace_back("warmup", out.warmup);
}

void use_quadrature(const SampleCommand& command,
                    const ModelData& data,
                    const GlmmFit& fit,
                    const PriorSet& priors,
                    Posterior& out) {
  const std::string reason = improper_reason(*data.glmm, priors);
  if (!command.prior_only && !reason.empty()) throw UsageError(reason);
  use_chains(
      command,
      std::make_shared<const MarginalPosterior>(
          data.glmm, priors, command.model.num_nodes(), fit.psi, conditioning(command)),
      "",
      out);
  if (fit.result.quadrature && !command.prior_only) {
    out.stored.sampler.emplace_back("quadrature_error_log_likelihood",
                                    fit.result.quadrature->log_likelihood);
  }
}

/// A fit as GaussianTarget reports parameters.
Eigen::VectorXd parameters_of(const FitResult& fit) {
  Eigen::VectorXd out(fit.beta.size() + 2);
  out << fit.beta, fit.tau, fit.sigma;
  return out;
}

std::shared_ptr<const MarginalPosterior> gaussian_chains(const ModelData& data,
                                                         const FitResult& fit,
                                                         const PriorSet& priors,
                                                         Conditioning on) {
  auto target = std::make_unique<const GaussianTarget>(data.stats, priors, on);
  const Eigen::VectorXd start = target->start(parameters_of(fit));
  try {
    return std::make_shared<const MarginalPosterior>(std::move(target), start);
  } catch (const DataError& error) {
    throw UsageError(fmt::format(
        "the priors contradict the data so far that the posterior is narrower "
        "than numbers can tell ({}); widen them",
        error.what()));
  }
}

/// Exact draws, or chains where the priors leave next to nothing of them.
void use_gaussian(const SampleCommand& command,
                  const ModelData& data,
                  const FitResult& fit,
                  const PriorSet& priors,
                  Posterior& out) {
  if (command.prior_only) {
    use_chains(command,
               gaussian_chains(data, fit, priors, Conditioning::nothing),
               "the prior is drawn from as if it were a posterior",
               out);
    return;
  }
  auto posterior = std::make_shared<const GaussianPosterior>(data.stats, priors);
  if (!posterior->is_practical()) {
    const double accepted = posterior->acceptance();
    use_chains(
        command,
        gaussian_chains(data, fit, priors, Conditioning::data),
        fmt::format("the priors contradict the data so far that {} exact draws "
                    "would be accepted",
                    accepted > 0.0 ? fmt::format("{:.2g}% of", 100.0 * accepted) : "no"),
        out);
    return;
  }
  out.stored.sampler = {{"method", std::string("exact independent draws")},
                        {"acceptance", posterior->acceptance()}};
  out.exact = gaussian_sampler(std::move(posterior), out.shape, command.run.seed);
  if (command.warmup) {
    out.notes.emplace_back("--warmup is ignored: the draws are exact and independent");
  }
}

}  // namespace

Posterior make_posterior(const SampleCommand& command,
                         const ModelData& data,
                         const FittedModel& fit) {
  Posterior out;
  const PriorModel model = prior_model(command.model, data);
  const PriorSet priors = resolve_priors(command.priors, model, data_scales(data, model));
  out.notes = priors.warnings;
  out.stored.priors = describe(priors, model);
  if (command.prior_only) require_proper_priors(out.stored.priors);
  out.shape = {.num_chains = command.chains,
               .draws_per_chain = command.draws,
               .with_groups = command.save_groups == SaveGroups::draws};
  std::vector<std::string>& columns = out.stored.columns;
  columns = data.terms;
  columns.emplace_back("sd__(Intercept)");
  if (data.glmm == nullptr) columns.emplace_back("sd__Observation");
  columns.emplace_back("lprior");
  if (out.shape.with_groups) {
    for (const std::string& level : data.group_level)
      columns.push_back(fmt::format("r_{}[{}]", data.group, level));
  }
  try {
    if (data.glmm == nullptr) {
      use_gaussian(command, data, fit.result, priors, out);
    } else {
      use_quadrature(command, data, *fit.glmm, priors, out);
    }
  } catch (const DataError& error) {
    throw DataError(command.model.formula + ": " + error.what());
  } catch (const UsageError& error) {
    throw UsageError(command.model.formula + ": " + error.what());
  }
  return out;
}

std::int64_t block_rows(const SampleCommand& command,
                        const ModelData& data,
                        const Posterior& posterior) {
  const std::int64_t share = command.chains * command.draws / 64;
  if (posterior.exact != nullptr) return std::clamp<std::int64_t>(share, 8, 8192);
  // An evaluation passes over all rows, or all groups.
  constexpr std::int64_t kRowsOfABlock = 640'000;
  const std::int64_t passed =
      data.glmm != nullptr ? data.counts.rows_used : std::ssize(data.group_level);
  const std::int64_t most = std::clamp<std::int64_t>(kRowsOfABlock / passed, 1, 8192);
  const std::int64_t rows = std::clamp<std::int64_t>(share, 1, most);
  return posterior.slices == nullptr ? rows : largest_divisor(command.draws, rows);
}

}  // namespace merit
