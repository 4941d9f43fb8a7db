// SPDX-License-Identifier: MIT
#include "engine/cli/bootstrap_report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "engine/cli/null_report.hpp"
#include "engine/cli/same_job.hpp"
#include "engine/error.hpp"
#include "engine/resample/summary_request.hpp"

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

void add_quantities(const StoredFit& stored,
                    std::span<const double> estimates,
                    const std::vector<std::string>& quantities,
                    SummaryRequest& request) {
  const ParameterNames names = parameter_names(stored);
  for (const std::string& text : quantities) {
    const Quantity quantity(text, names);
    const double estimate = quantity(estimates);
    if (std::isnan(estimate)) {
      throw UsageError(
          fmt::format("--quantity '{}': undefined (or infinite) at the estimates of the "
                      "data as they are",
                      text));
    }
    request.originals.push_back({.estimate = estimate});
    request.columns.quantities.push_back(quantity);
  }
}

/// Of each group, as a number; empty without strata.
std::vector<std::int32_t> strata_of(const StoredFit& stored) {
  std::map<std::string, std::int32_t> numbers;
  std::vector<std::int32_t> out;
  for (const std::string& label : stored.group_stratum) {
    const auto next = static_cast<std::int32_t>(numbers.size());
    out.push_back(numbers.try_emplace(label, next).first->second);
  }
  return out;
}

/// Strata that always give the same.
std::vector<std::string> strata_notes(const ResultFile& file) {
  const StoredFit& stored = file.fit();
  std::map<std::string, std::vector<std::string>> groups;
  for (std::size_t j = 0; j < stored.group_stratum.size(); ++j)
    groups[stored.group_stratum[j]].push_back(stored.group_level[j]);
  std::string alone;
  std::int64_t count = 0;
  for (const auto& [stratum, levels] : groups) {
    if (levels.size() > 1) continue;
    alone += fmt::format(
        "{}{} ({} {})", count++ == 0 ? "" : ", ", stratum, stored.group, levels.front());
  }
  if (count == 0) return {};
  return {fmt::format(
      "--strata {}: {} of {} strata have one group, which is in every replicate, so that "
      "its part of the variation is missing from them: {}",
      text_of(file.job(), "strata"),
      count,
      groups.size(),
      alone)};
}

void add_accelerations(const StoredFit& stored, SummaryRequest& request) {
  if (!stored.delete_one) {
    throw UsageError(
        "--intervals bca: its acceleration comes from fits that each leave out one "
        "group, "
        "which this job has not kept: run merit bootstrap with --intervals bca");
  }
  merit::add_accelerations(*stored.delete_one, strata_of(stored), request);
}

/// Quantities whose standard errors the job has kept.
/// @param first_error  its column
void studentise_quantities(const std::vector<StudentisedQuantity>& studentised,
                           std::int64_t first_error,
                           SummaryRequest& request) {
  // In the order of what is asked for, which need not be that of the job.
  std::int64_t column = request.columns.num_estimates;
  for (const Quantity& quantity : request.columns.quantities) {
    const auto found =
        std::find_if(studentised.begin(), studentised.end(), [&](const auto& kept) {
          return kept.text == quantity.text();
        });
    Original& original = request.originals[static_cast<std::size_t>(column)];
    if (found != studentised.end() && found->std_error > 0.0 &&
        std::isfinite(found->std_error)) {
      original.studentised = Studentised{.std_error = found->std_error};
      request.columns.studentised.push_back(
          {.estimate = column,
           .std_error = first_error + (found - studentised.begin()),
           .original = original.estimate});
    }
    ++column;
  }
}

bool is_adjusted(const JobDescription& job) {
  for (const auto& [name, value] : job) {
    if (name == "reb_type")
      return std::get<std::int64_t>(value) ==
             static_cast<std::int64_t>(RebType::adjusted);
  }
  return false;
}

/// Adjusted replicates whose standard deviations have no logarithm.
void note_unadjusted(const ReplicateTally& tally,
                     std::size_t tau_column,
                     std::vector<std::string>& notes) {
  const std::int64_t without = tally.num_used() - tally.num_defined(tau_column);
  if (without == 0) return;
  notes.push_back(fmt::format(
      "reb type 2: {} of {} replicates have a standard deviation of 0, whose logarithm "
      "cannot be adjusted; the standard deviations leave them out",
      without,
      tally.num_used()));
}

}  // namespace

SummaryRequest summary_request(const StoredFit& stored,
                               const ReplicatePlan& plan,
                               const std::vector<StudentisedQuantity>& studentised,
                               const TableOptions& tables,
                               double level) {
  const FitResult& fit = stored.fit;
  SummaryRequest request = merit::summary_request(fit, tables.intervals, level);
  const std::vector<double> estimates = estimates_of(fit);
  const std::int64_t of_estimates =
      plan.keep_sd_errors ? std::ssize(estimates) : fit.beta.size();
  request.columns.num_std_errors = of_estimates + plan.num_quantity_errors;
  add_quantities(stored, estimates, tables.quantities, request);
  if (uses(tables.intervals, IntervalType::bca)) add_accelerations(stored, request);
  if (uses(tables.intervals, IntervalType::stud)) {
    if (!plan.keep_std_errors && fit.beta.size() > 0) {
      throw UsageError(
          "--intervals stud: the job has not kept its replicates' standard errors: run "
          "merit "
          "bootstrap with --keep all");
    }
    add_studentised(fit, plan.keep_sd_errors, request);
    studentise_quantities(studentised, of_estimates, request);
  }
  if (uses(tables.intervals, IntervalType::calibrated) && !plan.keep_inner_shares) {
    throw UsageError(
        "--intervals calibrated: the job has not bootstrapped its replicates: run merit "
        "bootstrap with --intervals calibrated");
  }
  return request;
}

namespace {

/// What calibrated intervals rest on: of each estimate, and each quantity that the job knew of, the
/// shares of inner replicates. @returns how many there are of the one that has the fewest
std::int64_t calibrate(const ResultFile& file, SummaryRequest& request) {
  const std::vector<std::string>& known = file.inner_quantities();
  std::vector<std::size_t> columns(file.columns().size()), places(columns.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  std::iota(places.begin(), places.end(), std::size_t{0});
  for (std::size_t q = 0; q < request.columns.quantities.size(); ++q) {
    const auto found =
        std::find(known.begin(), known.end(), request.columns.quantities[q].text());
    if (found == known.end()) continue;
    columns.push_back(file.columns().size() +
                      static_cast<std::size_t>(found - known.begin()));
    places.push_back(file.columns().size() + q);
  }
  std::vector<std::vector<double>> shares = file.inner_share_columns(columns);
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::size_t k = 0; k < columns.size(); ++k) {
    std::erase_if(shares[k], [](double share) { return std::isnan(share); });
    least = std::min(least, std::ssize(shares[k]));
    if (shares[k].size() >= 2)
      request.originals[places[k]].calibration =
          merit::calibrate(shares[k], request.level);
  }
  return least;
}

/// Replicates that calibrated intervals do without.
void note_without_shares(std::int64_t num_used,
                         std::int64_t num_shares,
                         std::vector<std::string>& notes) {
  if (num_shares == num_used) return;
  notes.push_back(fmt::format(
      "calibrated: {} of {} replicates have no bootstrap of their own, because their own "
      "fit or "
      "all of their inner replicates have failed; the calibration leaves them out",
      num_used - num_shares,
      num_used));
}

/// Says so where replicates are missing.
void add_partial_note(const ResultFile& file, Report& report) {
  if (file.num_committed() == file.replicates()->num_replicates) return;
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

}  // namespace

Report bootstrap_report(const ResultFile& file,
                        const TableOptions& tables,
                        const ReportOptions& options,
                        const ReplicateSummaries* known) {
  if (compares_models(file)) {
    refuse_tables(tables, file.path() + ": holds likelihood ratios of --null");
    Report report = null_report(file, options);
    add_partial_note(file, report);
    return report;
  }
  Report report =
      fit_report("bootstrap", file.fit(), file.job(), file.provenance(), options);
  for (const auto& [name, value] : file.job()) {
    if (name == "type" || name == "resample" || name == "strata" || name == "reb_type" ||
        name == "wild_hc" || name == "wild_weights" || name == "inner" ||
        name == "seed") {
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
  SummaryRequest request = summary_request(file.fit(),
                                           *file.replicates(),
                                           file.studentised_quantities(),
                                           tables,
                                           options.level);
  for (std::size_t k = 0; k < request.columns.quantities.size(); ++k) {
    TidyRow row;
    row.effect = "quantity";
    row.term = request.columns.quantities[k].text();
    row.estimate = request.originals[num_estimates + k].estimate;
    report.tidy.push_back(std::move(row));
  }
  const bool calibrated = uses(tables.intervals, IntervalType::calibrated);
  const std::int64_t num_shares = calibrated ? calibrate(file, request) : 0;
  const ReadReplicates read = [&](const UseReplicates& use) {
    file.for_each_block(use, request.columns.need_std_errors());
  };
  const bool adjusts = is_adjusted(file.job());
  if (adjusts) request.columns.adjustment.emplace(estimates_of(file.fit().fit), read);
  const ReplicateTally tally = known ? *known->tally : tally_replicates(request, read);
  report.glance.replicates = count_replicates(request, tally);
  OrderStatistics ordered =
      known ? known->ordered : order_replicates(request, tally, read);
  BootstrapRows rows = summarize_replicates(request, report.tidy, tally, ordered);
  report.tidy = std::move(rows.tidy);
  report.tidy.insert(report.tidy.end(), modes.begin(), modes.end());
  report.notes.insert(report.notes.end(), rows.notes.begin(), rows.notes.end());
  if (calibrated) note_without_shares(tally.num_used(), num_shares, report.notes);
  if (adjusts) note_unadjusted(tally, num_estimates - 2, report.notes);
  for (std::string& note : strata_notes(file))
    report.notes.push_back(std::move(note));
  if (file.fit().delete_one && uses(tables.intervals, IntervalType::bca)) {
    for (std::string& note : bca_notes(file))
      report.notes.push_back(std::move(note));
  }
  add_partial_note(file, report);
  return report;
}

}  // namespace merit
