// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/draw_report.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/posterior_data.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/cli/stored_job.hpp"
#include "engine/posterior/gaussian_sampler.hpp"
#include "engine/posterior/independence_sampler.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"
#include "io/cmdstan_csv.hpp"

namespace merit {
namespace {

constexpr std::int64_t kWarmup = 200;

/// A posterior ready to be drawn from, in one of two ways.
struct Posterior {
  StoredPosterior stored;
  std::vector<std::string> notes;
  DrawShape shape;
  std::unique_ptr<Scheme> exact;
  std::shared_ptr<const IndependenceSampler> chains;

  /// What workers make: draws, or proposals of them.
  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const {
    exact != nullptr ? exact->make(first, count, rows)
                     : chains->propose(first, count, rows);
  }
};

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

void use_chains(const SampleCommand& command,
                const ModelData& data,
                const GlmmFit& fit,
                const PriorSet& priors,
                Posterior& out) {
  if (const std::string reason = improper_reason(*data.glmm, priors); !reason.empty())
    throw UsageError(reason);
  auto sampler =
      std::make_shared<const IndependenceSampler>(data.glmm,
                                                  priors,
                                                  command.model.num_nodes(),
                                                  fit.psi,
                                                  out.shape,
                                                  command.warmup.value_or(kWarmup),
                                                  command.run.seed);
  out.stored.sampler = {{"method", std::string("an independence sampler")},
                        {"acceptance", sampler->acceptance()},
                        {"pareto_k", sampler->pareto_k()},
                        {"proposal_df", sampler->proposal_width().degrees},
                        {"proposal_scale", sampler->proposal_width().factor},
                        {"ladder_rungs", static_cast<std::int64_t>(sampler->num_rungs())},
                        {"warmup", sampler->warmup()}};
  if (fit.result.quadrature) {
    out.stored.sampler.emplace_back("quadrature_error_log_likelihood",
                                    fit.result.quadrature->log_likelihood);
  }
  out.chains = std::move(sampler);
}

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

/// Draws per block of work and of the file: a function of the job alone.
std::int64_t block_rows(const SampleCommand& command, const ModelData& data) {
  const std::int64_t share = command.chains * command.draws / 64;
  if (data.glmm == nullptr) return std::clamp<std::int64_t>(share, 8, 8192);
  // An evaluation passes over all rows.
  constexpr std::int64_t kRowsOfABlock = 640'000;
  const std::int64_t most =
      std::clamp<std::int64_t>(kRowsOfABlock / data.counts.rows_used, 1, 8192);
  return std::clamp<std::int64_t>(share, 1, most);
}

JobDescription describe_job(const SampleCommand& command,
                            const ModelData& data,
                            const Posterior& posterior,
                            const ReplicatePlan& plan) {
  JobDescription job = describe_job(command.model, data);
  std::vector<std::string> priors;
  for (const auto& [parameter, distribution] : posterior.stored.priors)
    priors.push_back(parameter + "~" + distribution);
  job.emplace_back("prior", fmt::format("{}", fmt::join(priors, "; ")));
  job.emplace_back("draws", command.draws);
  job.emplace_back("chains", command.chains);
  if (posterior.chains != nullptr) job.emplace_back("warmup", posterior.chains->warmup());
  job.emplace_back("seed", fmt::format("{}", command.run.seed));
  job.emplace_back("save_groups", std::string(name(command.save_groups)));
  job.emplace_back("block_rows", plan.block_rows);
  return job;
}

/// Whether few draws are no worse than few: exact ones need no look at their chains.
bool posterior_is_exact(const ResultFile& file) {
  return text_of(file.posterior()->sampler, "method") == "exact independent draws";
}

ExitCode report(const SampleCommand& command, const std::vector<std::string>& notes) {
  const ResultFile file = open_result(command.run.output);
  if (!command.cmdstan_csv.empty()) write_cmdstan_csv(file, command.cmdstan_csv);
  Report report = draw_report(
      file,
      {.level = command.run.level, .ranef = command.save_groups == SaveGroups::draws});
  const bool fine = report.notes.empty() || posterior_is_exact(file);
  report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  show(report, command.run.format);
  return fine ? ExitCode::done : ExitCode::needs_a_look;
}

/// Brings what workers make into the file, on rank 0: exact draws as they come, proposals
/// of chains in the order of their rows (those that come early wait).
class DrawSink {
 public:
  DrawSink(const Posterior& posterior,
           const ReplicatePlan& plan,
           ResultWriter& writer,
           std::vector<std::int8_t> stored_status)
      : plan_(plan), writer_(writer) {
    if (posterior.chains != nullptr)
      scan_.emplace(*posterior.chains, std::move(stored_status));
  }

  void take(std::int64_t first, std::span<const std::byte> bytes) {
    if (!scan_) return writer_.write_block(first, unpack_replicates(bytes));
    waiting_.emplace(first / plan_.block_rows, Bytes(bytes.begin(), bytes.end()));
    while (next_ < plan_.num_blocks()) {
      if (const auto found = waiting_.find(next_); found != waiting_.end()) {
        write(next_, found->second);
        waiting_.erase(found);
      } else if (!writer_.has_block(next_)) {
        return;
      }
      ++next_;
    }
  }

 private:
  void write(std::int64_t block, std::span<const std::byte> bytes) {
    const ReplicateBytes packed = unpack_replicates(bytes);
    proposals_.resize(packed.count, packed.num_estimates, 0);
    const std::span<const double> values = estimates_of(packed);
    std::copy(values.begin(), values.end(), proposals_.estimate.begin());
    std::memcpy(proposals_.log_likelihood.data(),
                packed.log_likelihood.data(),
                packed.log_likelihood.size());
    const BlockRange rows = plan_.rows({block, 1});
    scan_->accept(rows.first, rows.count, proposals_, draws_);
    writer_.write_block(rows.first, draws_);
  }

  const ReplicatePlan plan_;
  ResultWriter& writer_;
  std::optional<ChainScan> scan_;
  std::map<std::int64_t, Bytes> waiting_;
  std::int64_t next_ = 0;
  ReplicateRows proposals_, draws_;
};

/// Whether each stored row is a new draw (0) or the one before again (1); −1: not stored.
std::vector<std::int8_t> stored_status(const std::string& output,
                                       const ReplicatePlan& plan) {
  std::vector<std::int8_t> status(static_cast<std::size_t>(plan.num_replicates), -1);
  const std::optional<ResultFile> stored = find_stored(output);
  if (!stored) return status;
  const std::vector<std::uint8_t> there = stored->statuses();
  auto from = there.begin();
  for (const BlockRange& blocks : stored->committed_blocks()) {
    const BlockRange rows = plan.rows(blocks);
    std::copy_n(from, rows.count, status.begin() + rows.first);
    from += rows.count;
  }
  return status;
}

/// Makes the draws that are not stored. *Collective*
RunSummary make_draws(const Communicator& comm,
                      const SampleCommand& command,
                      const Posterior& posterior,
                      const ReplicatePlan& plan,
                      std::optional<ResultWriter>& writer,
                      std::vector<std::int8_t> status) {
  std::optional<DrawSink> draws;
  if (writer) draws.emplace(posterior, plan, *writer, std::move(status));
  const Work work = [&](int, std::int64_t first, std::int64_t count) {
    static thread_local ReplicateRows rows;
    posterior.make(first, count, rows);
    Bytes bytes;
    pack_into(rows, bytes);
    return bytes;
  };
  const Sink sink =
      [&](std::int64_t first, std::int64_t, std::span<const std::byte> bytes) {
        draws->take(first, bytes);
        return std::int64_t{0};
      };
  return run_job(
      comm, plan, command.run, writer ? &*writer : nullptr, "draws", work, sink);
}

}  // namespace

ExitCode run(const CommandContext& context, const SampleCommand& given) {
  const Communicator& comm = context.comm;
  SampleCommand command = given;
  validate(command);
  StopSignals signals(comm.is_root(), command.run.time_limit);
  const Found found = find_job(comm, command.model.snapshot, command.run);
  if (!command.cmdstan_csv.empty() && !command.run.dry_run) {
    root_or_none(comm, [&] {
      check_cmdstan_directory(command.cmdstan_csv,
                              command.run.overwrite || command.run.resume);
    });
  }
  const RunRecord record(comm, context.arguments, command.model.snapshot, command.run);
  const ModelData data =
      read_model_data(comm, command.model, command.run, {.rows = true});
  const FittedModel fit = fit_model(command.model, data, command.run.simd_level());
  const Posterior posterior =
      all_or_none(comm, [&] { return make_posterior(command, data, fit); });
  std::vector<std::string> notes = data.notes;
  notes.insert(notes.end(), posterior.notes.begin(), posterior.notes.end());

  const ReplicatePlan plan{.num_replicates = posterior.shape.num_draws(),
                           .block_rows = block_rows(command, data),
                           .kind = RowKind::draws,
                           .num_chains = command.chains};
  const JobDescription job = describe_job(command, data, posterior, plan);
  check_found(comm, found, command.run.output, job, plan.shard);
  const auto tables = [&] {
    return root_or_none(comm, [&] { return report(command, notes); });
  };
  if (found == Found::finished) {
    if (comm.is_root()) remove_leftover_parts(command.run.output);
    return tables();
  }

  const ResultContents contents{.command = "sample",
                                .job = job,
                                .fit = stored_fit(data, fit),
                                .replicates = plan,
                                .provenance = record.at_start(),
                                .posterior = posterior.stored,
                                .session = record.session()};
  if (command.run.dry_run) {
    root_or_none(comm, [&] {
      const auto make = [&](std::int64_t first, std::int64_t count, ReplicateRows& rows) {
        posterior.make(first, count, rows);
      };
      print(estimate_job(make, contents, record, "draws"));
    });
    return ExitCode::done;
  }
  std::optional<ResultWriter> writer;
  std::vector<std::int8_t> status;
  root_or_none(comm, [&] {
    if (command.run.resume) status = stored_status(command.run.output, plan);
    writer.emplace(open_job(contents, command.run, record));
  });
  signals.note_only();
  const RunSummary summary =
      make_draws(comm, command, posterior, plan, writer, std::move(status));
  if (summary.stopped) {
    end_stopped_job(comm, plan, command.run, writer ? &*writer : nullptr, "draws");
    return ExitCode::stopped;
  }
  root_or_none(comm, [&] { writer->finish(); });
  signals.end_at_once();
  return tables();
}

}  // namespace merit
