// SPDX-License-Identifier: MIT
#include "engine/cli/posterior.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/cli/posterior_data.hpp"
#include "engine/error.hpp"
#include "engine/posterior/gaussian_sampler.hpp"

namespace merit {
namespace {

constexpr std::int64_t kWarmup = 200;

/// The largest divisor of n that is not above `most`.
std::int64_t largest_divisor(std::int64_t n, std::int64_t most) {
  std::int64_t divisor = std::min(n, most);
  while (n % divisor != 0)
    --divisor;
  return divisor;
}

void use_exact_draws(const SampleCommand& command,
                     const ModelData& data,
                     const PriorSet& priors,
                     Posterior& out) {
  auto posterior = std::make_shared<const GaussianPosterior>(data.stats, priors);
  out.stored.sampler = {{"method", std::string("exact independent draws")},
                        {"acceptance", posterior->acceptance()}};
  out.exact = gaussian_sampler(std::move(posterior), out.shape, command.run.seed);
  if (command.warmup) {
    out.notes.emplace_back("--warmup is ignored: the draws are exact and independent");
  }
}

void use_proposals(std::shared_ptr<const IndependenceSampler> sampler, Posterior& out) {
  out.stored.sampler = {{"method", std::string("an independence sampler")},
                        {"acceptance", sampler->pilot().acceptance},
                        {"pareto_k", sampler->pilot().pareto_k},
                        {"proposal_df", sampler->proposal_width().degrees},
                        {"proposal_scale", sampler->proposal_width().factor}};
  out.proposals = std::move(sampler);
}

void use_slices(const std::shared_ptr<const MarginalPosterior>& marginal,
                const IndependenceSampler& poor,
                std::uint64_t seed,
                Posterior& out) {
  const std::string why =
      fmt::format("independent proposals do not cover the tails (Pareto k {:.2f})",
                  poor.pilot().pareto_k);
  out.stored.sampler = {{"method", std::string("a slice sampler")},
                        {"reason", why},
                        {"pareto_k", poor.pilot().pareto_k}};
  out.slices =
      std::make_shared<const SliceSampler>(marginal, out.shape, out.warmup, seed);
}

/// Of a model whose group intercepts are integrated out.
void use_chains(const SampleCommand& command,
                const ModelData& data,
                const GlmmFit& fit,
                const PriorSet& priors,
                Posterior& out) {
  if (const std::string reason = improper_reason(*data.glmm, priors); !reason.empty())
    throw UsageError(reason);
  const auto marginal = std::make_shared<const MarginalPosterior>(
      data.glmm, priors, command.model.num_nodes(), fit.psi);
  out.warmup = command.warmup.value_or(kWarmup);
  auto sampler = std::make_shared<const IndependenceSampler>(
      marginal, out.shape, out.warmup, command.run.seed);
  if (sampler->is_good()) {
    use_proposals(std::move(sampler), out);
  } else {
    use_slices(marginal, *sampler, command.run.seed, out);
  }
  out.stored.sampler.emplace_back(
      "ladder_rungs", static_cast<std::int64_t>(marginal->ladder.rungs().size()));
  out.stored.sampler.emplace_back("warmup", out.warmup);
  if (fit.result.quadrature) {
    out.stored.sampler.emplace_back("quadrature_error_log_likelihood",
                                    fit.result.quadrature->log_likelihood);
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
      use_exact_draws(command, data, priors, out);
    } else {
      use_chains(command, data, *fit.glmm, priors, out);
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
  if (data.glmm == nullptr) return std::clamp<std::int64_t>(share, 8, 8192);
  // An evaluation passes over all rows.
  constexpr std::int64_t kRowsOfABlock = 640'000;
  const std::int64_t most =
      std::clamp<std::int64_t>(kRowsOfABlock / data.counts.rows_used, 1, 8192);
  const std::int64_t rows = std::clamp<std::int64_t>(share, 1, most);
  return posterior.slices == nullptr ? rows : largest_divisor(command.draws, rows);
}

}  // namespace merit
