// SPDX-License-Identifier: MIT
#include "engine/cli/posterior.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/cli/posterior_data.hpp"
#include "engine/error.hpp"

namespace merit {
namespace {

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

SamplerOptions sampler_options(const SampleCommand& command) {
  return {.shape = {.num_chains = command.chains,
                    .draws_per_chain = command.draws,
                    .with_groups = command.save_groups == SaveGroups::draws},
          .warmup = command.warmup.value_or(kUsualWarmup),
          .seed = command.run.seed,
          .on = command.prior_only ? Conditioning::nothing : Conditioning::data};
}

PosteriorSampler sampler_of(const SampleCommand& command,
                            const ModelData& data,
                            const FittedModel& fit,
                            const PriorSet& priors) {
  const SamplerOptions options = sampler_options(command);
  if (data.glmm == nullptr)
    return choose_sampler(data.stats, fit.result, priors, options);
  PosteriorSampler out =
      choose_sampler(data.glmm, *fit.glmm, command.model.num_nodes(), priors, options);
  if (fit.glmm->result.quadrature && !command.prior_only) {
    out.sampler.emplace_back("quadrature_error_log_likelihood",
                             fit.glmm->result.quadrature->log_likelihood);
  }
  return out;
}

}  // namespace

Posterior make_posterior(const SampleCommand& command,
                         const ModelData& data,
                         const FittedModel& fit) {
  Posterior out;
  const PriorModel model = prior_model(data);
  const PriorSet priors = resolve_priors(command.priors, model, data_scales(data, model));
  out.notes = priors.warnings;
  out.stored.priors = describe(priors, model);
  if (command.prior_only) require_proper_priors(out.stored.priors);
  try {
    static_cast<PosteriorSampler&>(out) = sampler_of(command, data, fit, priors);
  } catch (const DataError& error) {
    throw DataError(command.model.formula + ": " + error.what());
  } catch (const UsageError& error) {
    throw UsageError(command.model.formula + ": " + error.what());
  }
  out.stored.sampler = out.sampler;
  if (out.exact != nullptr && command.warmup)
    out.notes.emplace_back("--warmup is ignored: the draws are exact and independent");
  std::vector<std::string>& columns = out.stored.columns;
  columns = data.terms;
  columns.emplace_back("sd__(Intercept)");
  if (data.glmm == nullptr) columns.emplace_back("sd__Observation");
  columns.emplace_back("lprior");
  if (out.shape.with_groups) {
    for (const std::string& level : data.group_level)
      columns.push_back(fmt::format("r_{}[{}]", data.group, level));
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
