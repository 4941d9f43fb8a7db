// SPDX-License-Identifier: MIT
#include "engine/cli/analysis_replicates.hpp"

#include <algorithm>
#include <exception>
#include <initializer_list>
#include <limits>
#include <utility>

#include "engine/cli/bootstrap_scheme.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/results.hpp"
#include "engine/error.hpp"

namespace merit {
namespace {

/// The value that a study file calls `word`; its reader has checked that there is one.
template <class T>
T named(const std::string& word, std::initializer_list<T> values) {
  for (const T value : values) {
    if (word == name(value)) return value;
  }
  throw UsageError("[bootstrap]: there is no '" + word + "'");
}

}  // namespace

BootstrapCommand bootstrap_of(const SensitivityJob& job, const Analysis& analysis) {
  const StudyBootstrap& study = *job.study.bootstrap;
  BootstrapCommand command;
  command.model = options_of(job, analysis.model);
  command.run = job.run;
  command.run.seed = study.seed;
  command.run.threads = 1;  // of reading; replicates are made in several threads
  using Type = BootstrapType;
  command.type = named(study.type,
                       {Type::parametric,
                        Type::cases,
                        Type::residual,
                        Type::reb,
                        Type::wild,
                        Type::transformation});
  if (!study.resample.empty())
    command.resample = named(
        study.resample, {ResampleUnit::groups, ResampleUnit::rows, ResampleUnit::both});
  command.replicates = study.replicates;
  command.tables.intervals = {study.interval};
  command.keep_std_errors = false;
  validate(command);
  return command;
}

/// What a fit's replicates are drawn from.
struct AnalysisReplicates::Prepared {
  ModelData data;
  std::unique_ptr<Scheme> scheme;  ///< none: no bootstrap can start from the fit
  std::vector<std::size_t> place;  ///< of the scheme's estimates in the rows
};

AnalysisReplicates::AnalysisReplicates(const SensitivityJob& job,
                                       std::vector<Analysis> analyses,
                                       std::vector<std::string> columns)
    : job_(job), analyses_(std::move(analyses)), columns_(std::move(columns)) {
  columns_.emplace_back("sd__(Intercept)");
  columns_.emplace_back("sd__Observation");
}

AnalysisReplicates::~AnalysisReplicates() = default;

std::shared_ptr<const AnalysisReplicates::Prepared> AnalysisReplicates::prepare(
    std::size_t number) const {
  const BootstrapCommand command = bootstrap_of(job_, analyses_[number]);
  auto out = std::make_shared<Prepared>();
  out->data = read_model_data(Communicator::single(),
                              command.model,
                              command.run,
                              needs(command),
                              &examined_for(job_, 0));
  const FittedModel fit = fit_model(command.model, out->data, command.run.simd_level());
  for (const std::string& column : estimate_columns(stored_fit(out->data, fit))) {
    const auto at = std::find(columns_.begin(), columns_.end(), column);
    out->place.push_back(static_cast<std::size_t>(at - columns_.begin()));
  }
  try {
    out->scheme = make_scheme(command, out->data, fit);
  } catch (const DataError&) {
    // All its replicates are failures.
  }
  return out;
}

std::shared_ptr<const AnalysisReplicates::Prepared> AnalysisReplicates::prepared(
    std::size_t number) const {
  std::unique_lock lock(mutex_);
  const auto found = std::find_if(
      kept_.begin(), kept_.end(), [&](const auto& kept) { return kept.first == number; });
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
    const Shared shared = found->second;
    lock.unlock();
    return shared.get();
  }
  std::promise<std::shared_ptr<const Prepared>> promise;
  const Shared shared = promise.get_future().share();
  kept_.emplace_front(number, shared);
  if (kept_.size() > static_cast<std::size_t>(job_.run.num_threads()) + 1)
    kept_.pop_back();
  lock.unlock();
  try {
    promise.set_value(prepare(number));
  } catch (...) {
    promise.set_exception(std::current_exception());
  }
  return shared.get();
}

void AnalysisReplicates::make(std::int64_t first,
                              std::int64_t count,
                              ReplicateRows& rows) const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const std::int64_t R = job_.study.bootstrap->replicates;
  const std::size_t width = columns_.size();
  rows.resize(count, std::ssize(columns_), 0);
  std::fill(rows.estimate.begin(), rows.estimate.end(), kNone);
  std::fill(rows.log_likelihood.begin(), rows.log_likelihood.end(), kNone);
  std::fill(rows.status.begin(),
            rows.status.end(),
            static_cast<std::uint8_t>(ReplicateStatus::separated));
  ReplicateRows made;
  for (std::int64_t at = 0; at < count;) {
    const std::int64_t number = (first + at) / R, replicate = (first + at) % R;
    const std::int64_t here = std::min(count - at, R - replicate);
    const auto source = prepared(static_cast<std::size_t>(number));
    if (source->scheme != nullptr) {
      source->scheme->make(replicate, here, made);
      for (std::int64_t r = 0; r < here; ++r) {
        const double* from = made.estimate.data() + r * made.num_estimates;
        double* to = rows.estimate.data() + static_cast<std::size_t>(at + r) * width;
        for (const std::size_t place : source->place)
          to[place] = *from++;
      }
      std::copy_n(made.log_likelihood.begin(), here, rows.log_likelihood.begin() + at);
      std::copy_n(made.status.begin(), here, rows.status.begin() + at);
    }
    at += here;
  }
}

std::int64_t replicates_at_once(std::int64_t replicates,
                                bool gaussian,
                                std::int64_t num_obs) {
  const std::int64_t most =
      gaussian ? 4'096
               : std::max<std::int64_t>(1, 64'000 / std::max<std::int64_t>(1, num_obs));
  const std::int64_t pieces = (replicates - 1) / most + 1;
  return (replicates - 1) / pieces + 1;
}

}  // namespace merit
