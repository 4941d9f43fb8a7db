// SPDX-License-Identifier: MIT
#include "engine/posterior/posterior_sampler.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/posterior/gaussian_sampler.hpp"
#include "engine/posterior/gaussian_target.hpp"
#include "engine/posterior/marginal_posterior.hpp"

namespace merit {
namespace {

/// Pareto k of proposals from which on the prior is drawn from by slices. Priors have heavier tails than
/// posteriors, and slices of them cost next to nothing.
constexpr double kWorstKOfPrior = 0.25;

void use_proposals(std::shared_ptr<const IndependenceSampler> sampler,
                   PosteriorSampler& out) {
  out.sampler.emplace_back("acceptance", sampler->pilot().acceptance);
  out.sampler.emplace_back("pareto_k", sampler->pilot().pareto_k);
  out.sampler.emplace_back("proposal_df", sampler->proposal_width().degrees);
  out.sampler.emplace_back("proposal_scale", sampler->proposal_width().factor);
  out.proposals = std::move(sampler);
}

/// Of a posterior whose group intercepts are integrated out. @param reason  for it, so far
PosteriorSampler use_chains(const SamplerOptions& options,
                            const std::shared_ptr<const MarginalPosterior>& marginal,
                            std::string reason) {
  PosteriorSampler out{.shape = options.shape, .warmup = options.warmup};
  auto sampler = std::make_shared<const IndependenceSampler>(
      marginal, out.shape, out.warmup, options.seed);
  const bool of_prior = options.on == Conditioning::nothing;
  const bool good =
      sampler->is_good() && !(of_prior && sampler->pilot().pareto_k > kWorstKOfPrior);
  if (!good) {
    reason +=
        fmt::format("{}independent proposals do not cover the tails (Pareto k {:.2f})",
                    reason.empty() ? "" : ", and ",
                    sampler->pilot().pareto_k);
  }
  Attributes& said = out.sampler;
  said = {{"method", std::string(good ? "an independence sampler" : "a slice sampler")}};
  if (!reason.empty()) said.emplace_back("reason", reason);
  if (good) {
    use_proposals(std::move(sampler), out);
  } else {
    said.emplace_back("pareto_k", sampler->pilot().pareto_k);
    out.slices = std::make_shared<const SliceSampler>(
        marginal, out.shape, out.warmup, options.seed);
  }
  said.emplace_back("ladder_rungs",
                    static_cast<std::int64_t>(marginal->ladder.rungs().size()));
  said.emplace_back("warmup", out.warmup);
  return out;
}

/// A fit as GaussianTarget reports parameters.
Eigen::VectorXd parameters_of(const FitResult& fit) {
  Eigen::VectorXd out(fit.beta.size() + 2);
  out << fit.beta, fit.tau, fit.sigma;
  return out;
}

std::shared_ptr<const MarginalPosterior> gaussian_chains(const GroupedStats& stats,
                                                         const FitResult& fit,
                                                         const PriorSet& priors,
                                                         Conditioning on) {
  auto target = std::make_unique<const GaussianTarget>(stats, priors, on);
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

/// Whether no prior leaves it to the data that the posterior is one.
bool all_proper(const GlmmModel& model, const PriorSet& priors) {
  const auto proper = [](const Prior& prior) { return prior.is_proper(); };
  const std::vector<Prior>& coefficient = priors.coefficient;
  const bool ordinal = model.family.has_thresholds();
  const bool intercept = !ordinal && model.has_intercept;
  return proper(priors.tau) && (!intercept || proper(priors.intercept)) &&
         std::all_of(
             coefficient.begin() + (intercept ? 1 : 0), coefficient.end(), proper) &&
         (!ordinal ||
          std::all_of(priors.threshold.begin(), priors.threshold.end(), proper)) &&
         (model.family.family != Family::negbinomial || proper(priors.dispersion));
}

std::shared_ptr<const MarginalPosterior> glmm_chains(
    const std::shared_ptr<const GlmmModel>& model,
    const GlmmFit& fit,
    int num_nodes,
    const PriorSet& priors,
    Conditioning on) {
  try {
    return std::make_shared<const MarginalPosterior>(
        model, priors, num_nodes, fit.psi, on);
  } catch (const DataError&) {
    if (on == Conditioning::nothing || !all_proper(*model, priors)) throw;
    // It is proper then, and what the error says of that is beside the point.
    throw UsageError(
        "the priors contradict the data so far that no mode of the posterior was found; "
        "widen them");
  }
}

/// Chains one behind the other.
ReplicateRows slices_of(const PosteriorSampler& posterior) {
  const DrawShape& shape = posterior.shape;
  ReplicateRows all, chain;
  for (std::int64_t c = 0; c < shape.num_chains; ++c) {
    const std::int64_t n = shape.draws_per_chain;
    posterior.slices->advance(c * n, n, nullptr, chain);
    if (c == 0) all.resize(shape.num_draws(), chain.num_estimates, 0);
    std::copy(chain.estimate.begin(),
              chain.estimate.end(),
              all.estimate.begin() + c * n * chain.num_estimates);
    std::copy(chain.log_likelihood.begin(),
              chain.log_likelihood.end(),
              all.log_likelihood.begin() + c * n);
  }
  return all;
}

}  // namespace

PosteriorSampler choose_sampler(const GroupedStats& stats,
                                const FitResult& fit,
                                const PriorSet& priors,
                                const SamplerOptions& options) {
  if (options.on == Conditioning::nothing) {
    return use_chains(options,
                      gaussian_chains(stats, fit, priors, options.on),
                      "the prior is drawn from as if it were a posterior");
  }
  auto posterior = std::make_shared<const GaussianPosterior>(stats, priors);
  if (!posterior->is_practical()) {
    const double accepted = posterior->acceptance();
    return use_chains(
        options,
        gaussian_chains(stats, fit, priors, options.on),
        fmt::format("the priors contradict the data so far that {} exact draws "
                    "would be accepted",
                    accepted > 0.0 ? fmt::format("{:.2g}% of", 100.0 * accepted) : "no"));
  }
  PosteriorSampler out{.shape = options.shape};
  out.sampler = {{"method", std::string("exact independent draws")},
                 {"acceptance", posterior->acceptance()}};
  out.exact = gaussian_sampler(std::move(posterior), out.shape, options.seed);
  return out;
}

PosteriorSampler choose_sampler(const std::shared_ptr<const GlmmModel>& model,
                                const GlmmFit& fit,
                                int num_nodes,
                                const PriorSet& priors,
                                const SamplerOptions& options) {
  const std::string reason = improper_reason(*model, priors);
  if (options.on == Conditioning::data && !reason.empty()) throw UsageError(reason);
  return use_chains(options, glmm_chains(model, fit, num_nodes, priors, options.on), "");
}

ReplicateRows draw_all(const PosteriorSampler& posterior) {
  if (posterior.slices != nullptr) return slices_of(posterior);
  const std::int64_t n = posterior.shape.num_draws();
  ReplicateRows draws;
  if (posterior.exact != nullptr) {
    posterior.exact->make(0, n, draws);
    return draws;
  }
  ReplicateRows proposals;
  posterior.proposals->propose(0, n, proposals);
  const std::vector<std::int8_t> nothing_stored(static_cast<std::size_t>(n), -1);
  ChainScan(*posterior.proposals, nothing_stored).accept(0, n, proposals, draws);
  return draws;
}

}  // namespace merit
