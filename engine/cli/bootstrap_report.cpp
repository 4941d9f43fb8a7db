// SPDX-License-Identifier: MIT
#include "engine/cli/bootstrap_report.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/cli/same_job.hpp"
#include "engine/error.hpp"
#include "engine/resample/acceleration.hpp"

namespace merit {
namespace {

bool uses(std::span<const IntervalType> types, IntervalType type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// Where the acceleration of bca intervals comes from.
std::vector<std::string> bca_notes(const ResultFile& file) {
  const DeleteOneFits& fits = *file.fit().delete_one;
  std::string reasons;
  for (int code = 0; code < kNumReplicateStatuses; ++code) {
    const auto status = static_cast<ReplicateStatus>(code);
    const auto count = std::count(fits.status.begin(), fits.status.end(), code);
    if (!failed(status) || count == 0) continue;
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", name(status), count);
  }
  std::vector<std::string> notes;
  notes.push_back(fmt::format(
      "bca: acceleration from {} fits without one group each{}",
      fits.num_groups(),
      reasons.empty()
          ? std::string()
          : fmt::format(", {} of them failed ({})", fits.num_failed(), reasons)));
  const std::string type = text_of(file.job(), "type");
  if (type != "cases" || text_of(file.job(), "resample") != "groups") {
    notes.push_back(
        fmt::format("bca is approximate for this bootstrap ({}): its acceleration is "
                    "that of drawing groups",
                    type));
  }
  return notes;
}

}  // namespace

SummaryRequest summary_request(const StoredFit& stored,
                               std::span<const IntervalType> types,
                               double level) {
  const FitResult& fit = stored.fit;
  const bool bca = uses(types, IntervalType::bca);
  if (bca && !stored.delete_one) {
    throw UsageError(
        "--intervals bca: its acceleration comes from fits that each leave out one "
        "group, which "
        "this job has not kept: run merit bootstrap with --intervals bca");
  }
  SummaryRequest request{
      .originals = {}, .types = {types.begin(), types.end()}, .level = level};
  for (const double beta : fit.beta)
    request.originals.push_back({.estimate = beta});
  request.originals.push_back({.estimate = fit.tau});
  if (fit.has_sigma()) request.originals.push_back({.estimate = fit.sigma});
  if (bca) {
    std::int64_t column = 0;
    for (Original& original : request.originals)
      original.acceleration = acceleration(stored.delete_one->column(column++));
  }
  return request;
}

Report bootstrap_report(const ResultFile& file,
                        std::span<const IntervalType> intervals,
                        const ReportOptions& options,
                        const ReplicateSummaries* known) {
  Report report =
      fit_report("bootstrap", file.fit(), file.job(), file.provenance(), options);
  for (const auto& [name, value] : file.job()) {
    if (name == "type" || name == "resample" || name == "reb_type" || name == "wild_hc" ||
        name == "wild_weights" || name == "seed") {
      report.options.emplace_back(name, value);
    }
  }
  std::vector<TidyRow> modes;
  const std::size_t num_estimates = file.columns().size();
  if (report.tidy.size() > num_estimates) {
    modes.assign(report.tidy.begin() + static_cast<std::ptrdiff_t>(num_estimates),
                 report.tidy.end());
    report.tidy.resize(num_estimates);
  }
  const ReadReplicates read = [&](const UseReplicates& use) { file.for_each_block(use); };
  const SummaryRequest request = summary_request(file.fit(), intervals, options.level);
  const ReplicateTally tally = known ? *known->tally : tally_replicates(request, read);
  report.glance.replicates = count_replicates(tally);
  OrderStatistics ordered =
      known ? known->ordered : order_replicates(request, tally, read);
  BootstrapRows rows = summarize_replicates(request, report.tidy, tally, ordered);
  report.tidy = std::move(rows.tidy);
  report.tidy.insert(report.tidy.end(), modes.begin(), modes.end());
  report.notes.insert(report.notes.end(), rows.notes.begin(), rows.notes.end());
  if (file.fit().delete_one && uses(intervals, IntervalType::bca)) {
    for (std::string& note : bca_notes(file))
      report.notes.push_back(std::move(note));
  }
  if (file.num_committed() < file.replicates()->num_replicates) {
    std::string note = fmt::format("partial: {} of {} replicates are there",
                                   file.num_committed(),
                                   file.replicates()->num_replicates);
    if (const Shard shard = file.shard(); shard != Shard{}) {
      note += fmt::format(" (shard {}: {} of its {})",
                          text_of(shard),
                          file.num_committed(),
                          file.replicates()->num_rows());
    }
    report.notes.push_back(std::move(note));
  }
  return report;
}

}  // namespace merit
