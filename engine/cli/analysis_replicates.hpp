// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/cli/analysis_fit.hpp"
#include "engine/cli/options.hpp"
#include "engine/resample/scheme.hpp"

namespace merit {

/// The options with which `merit bootstrap` would bootstrap a fit of the study.
/// @throws UsageError, as that command, for what the model does not have
BootstrapCommand bootstrap_of(const SensitivityJob& job, const Analysis& analysis);

/// Replicates of many fits as one set of tasks: row k·R + r is replicate r of the k-th fit, and
/// has all columns of the job, those that the fit lacks NaN. Replicate r of a fit is, to the bit,
/// that of `merit bootstrap` with the same options and seed.
///
/// What a fit's replicates are drawn from (its data and the fit) is made by the first thread
/// that wants it and kept while threads go on with it: tasks are handed out in order, so that
/// a process holds as many fits as it has threads, and one more.
class AnalysisReplicates : public Scheme {
 public:
  /// @param analyses  those that are bootstrapped; with the job, they must outlive this
  /// @param columns   of the rows, without sd__(Intercept) and sd__Observation
  AnalysisReplicates(const SensitivityJob& job,
                     std::vector<Analysis> analyses,
                     std::vector<std::string> columns);
  ~AnalysisReplicates() override;

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override;

 private:
  struct Prepared;
  using Shared = std::shared_future<std::shared_ptr<const Prepared>>;

  std::shared_ptr<const Prepared> prepare(std::size_t number) const;
  std::shared_ptr<const Prepared> prepared(std::size_t number) const;

  const SensitivityJob& job_;
  std::vector<Analysis> analyses_;
  std::vector<std::string> columns_;
  mutable std::mutex mutex_;
  mutable std::list<std::pair<std::size_t, Shared>> kept_;  ///< the latest first
};

/// Rows per task: some 50 ms of work, and a whole number of tasks per fit.
/// @param num_obs  of the largest data set
std::int64_t replicates_at_once(std::int64_t replicates,
                                bool gaussian,
                                std::int64_t num_obs);

}  // namespace merit
