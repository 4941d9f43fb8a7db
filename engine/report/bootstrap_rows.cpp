// SPDX-License-Identifier: MIT
#include "engine/report/bootstrap_rows.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace merit {
namespace {

std::optional<double> known(double value) {
  return std::isnan(value) ? std::nullopt : std::optional<double>(value);
}

/// Why there is no interval, said of one or several terms.
std::string reason(Undefined why) {
  switch (why) {
    case Undefined::z0_infinite:
      return "all replicates lie on one side of the estimate, so that z0 is infinite";
    case Undefined::no_acceleration:
      return "the estimates without one group do not tell an acceleration";
    case Undefined::beyond_pole:
      return "the acceleration is too large for this level";
    case Undefined::no_std_error:
      return "there is no standard error: of a standard deviation of 0, of what a method "
             "without a likelihood does not tell, or of a --quantity that merit "
             "bootstrap "
             "was not given with --intervals stud";
    case Undefined::no_inner:
      return "the job bootstrapped its replicates without looking at it: run merit "
             "bootstrap "
             "with this --quantity and --intervals calibrated";
    case Undefined::few_replicates:
      return "there are fewer than two replicates with an estimate of it";
    case Undefined::no:
      break;
  }
  return "";
}

/// One note per kind of interval and reason, with the terms concerned.
class UndefinedNotes {
 public:
  void add(const Interval& interval, const std::string& term) {
    if (!reason(interval.undefined).empty())
      terms_[{interval.type, interval.undefined}].push_back(term);
  }
  void write(std::vector<std::string>& notes) const {
    for (const auto& [key, terms] : terms_) {
      notes.push_back(fmt::format("no {} interval of {}: {}",
                                  name(key.first),
                                  fmt::join(terms, ", "),
                                  reason(key.second)));
    }
  }

 private:
  std::map<std::pair<IntervalType, Undefined>, std::vector<std::string>> terms_;
};

}  // namespace

ReplicateCounts count_replicates(const SummaryRequest& request,
                                 const ReplicateTally& tally) {
  ReplicateCounts counts{.by_status = tally.by_status()};
  auto column = static_cast<std::size_t>(request.columns.num_estimates);
  for (const Quantity& quantity : request.columns.quantities) {
    counts.undefined.emplace_back(quantity.text(),
                                  tally.num_used() - tally.num_defined(column++));
  }
  return counts;
}

ReplicateTally tally_replicates(const SummaryRequest& request,
                                const ReadReplicates& read) {
  ReplicateTally tally = empty_tally(request);
  std::vector<double> memory;
  read([&](auto first, auto estimates, auto std_errors, auto status) {
    tally.add(
        first, request.columns.values(estimates, std_errors, status, memory), status);
  });
  return tally;
}

OrderStatistics order_replicates(const SummaryRequest& request,
                                 const ReplicateTally& tally,
                                 const ReadReplicates& read) {
  OrderStatistics ordered(tally, ranks_needed(request, tally));
  if (!ordered.empty()) {
    std::vector<double> memory;
    read([&](auto, auto estimates, auto std_errors, auto status) {
      ordered.add(request.columns.values(estimates, std_errors, status, memory), status);
    });
  }
  return ordered;
}

BootstrapRows summarize_replicates(const SummaryRequest& request,
                                   std::span<const TidyRow> original,
                                   const ReplicateTally& tally,
                                   OrderStatistics& ordered) {
  BootstrapRows out;
  UndefinedNotes undefined;
  bool extreme = false, coarse = false;
  for (std::size_t column = 0; column < original.size(); ++column) {
    const BootstrapSummary summary = summarize_column(request, column, tally, ordered);
    for (const Interval& interval : summary.intervals) {
      TidyRow row;
      row.effect = original[column].effect;
      row.group = original[column].group;
      row.term = original[column].term;
      row.estimate = original[column].estimate;
      row.bias = summary.bias;
      row.std_error = summary.sd;
      if (original[column].p_value) row.p_value = known(interval.p_value);
      row.conf_low = interval.low;
      row.conf_high = interval.high;
      row.conf_type = name(interval.type);
      row.conf_low_mcse = known(interval.low_mcse);
      row.conf_high_mcse = known(interval.high_mcse);
      undefined.add(interval, row.term);
      out.tidy.push_back(std::move(row));
      const std::optional<Calibration>& calibration =
          request.originals[column].calibration;
      if (interval.type == IntervalType::calibrated && calibration &&
          calibration->extreme) {
        coarse = true;
      } else {
        extreme = extreme || interval.extreme;
      }
    }
  }
  if (coarse) {
    out.notes.push_back(
        "some ends of calibrated intervals rest on the smallest or largest share of "
        "inner "
        "replicates: give more --inner, and --replicates");
  }
  if (extreme) {
    out.notes.push_back(fmt::format(
        "{} replicates are too few for {:g}% intervals: some ends are the smallest or "
        "largest replicate",
        tally.num_used(),
        100.0 * request.level));
  }
  undefined.write(out.notes);
  for (const auto& [quantity, count] : count_replicates(request, tally).undefined) {
    if (count == 0) continue;
    out.notes.push_back(
        fmt::format("{} is undefined at {} of {} replicates, which are left out",
                    quantity,
                    count,
                    tally.num_used()));
  }
  return out;
}

}  // namespace merit
