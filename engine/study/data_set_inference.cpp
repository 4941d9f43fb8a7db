// SPDX-License-Identifier: MIT
#include "engine/study/data_set_inference.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "engine/error.hpp"
#include "engine/inference/gaussian_profile.hpp"
#include "engine/inference/glmm_profile.hpp"
#include "engine/model/group_rows.hpp"
#include "engine/posterior/diagnostics.hpp"
#include "engine/posterior/posterior_sampler.hpp"
#include "engine/posterior/prior_data.hpp"
#include "engine/random/stream.hpp"
#include "engine/resample/delete_one.hpp"
#include "engine/resample/quasi_bootstrap.hpp"
#include "engine/resample/summary_request.hpp"
#include "engine/study/data_generator.hpp"

namespace merit {
namespace {

/// A pair of numbers that stands in a column's two places.
void put(std::int64_t column,
         double in_estimate,
         double in_std_error,
         std::int64_t at,
         ReplicateRows& out) {
  out.estimate[static_cast<std::size_t>(at * out.num_estimates + column)] = in_estimate;
  out.std_error[static_cast<std::size_t>(at * out.num_std_errors + column)] =
      in_std_error;
}

/// The study's parameters in the order of the fit's.
std::vector<std::size_t> parameters_of(const DataSetFit& data,
                                       const StudyColumns& columns) {
  std::vector<std::size_t> out = data.estimator->terms;
  out.push_back(columns.tau_parameter());
  if (data.fit->has_sigma()) out.push_back(columns.sigma_parameter());
  return out;
}

Criterion criterion_of(const StudyEstimator& estimator) {
  return estimator.method == "ml" ? Criterion::ml : Criterion::reml;
}

std::shared_ptr<const GroupRows> rows_of(const DataSetFit& data) {
  const DataSet& set = *data.data;
  const std::vector<std::size_t>& terms = data.estimator->terms;
  const std::int64_t n = set.num_obs();
  Eigen::MatrixXd z = Eigen::MatrixXd::Ones(n, std::ssize(terms) + 1);
  for (std::size_t a = 0; a < terms.size(); ++a) {
    const AlignedVector<double>& column = set.column[terms[a]];
    if (column.empty()) continue;  // the intercept's
    std::copy_n(column.begin(), n, z.col(static_cast<Eigen::Index>(a)).begin());
  }
  std::copy_n(set.y.begin(), n, z.col(z.cols() - 1).begin());
  return std::make_shared<const GroupRows>(group_rows(z, group_numbers(set)));
}

/// Which groups' estimates vary how, for bca.
DeleteOneFits delete_one_fits(const DataSetFit& data, Criterion criterion) {
  std::unique_ptr<Scheme> scheme;
  if (data.model == nullptr) {
    scheme = delete_one_group(*data.stats, criterion);
  } else if (data.quasi != nullptr) {
    scheme = quasi_delete_one_group(data.model,
                                    {.fit = *data.quasi, .scheme = {.simd = data.simd}});
  } else {
    scheme = glmm_delete_one_group(data.model, *data.glmm);
  }
  const std::int64_t J =
      data.model == nullptr ? data.stats->num_groups() : data.model->rows.num_groups();
  ReplicateRows rows;
  scheme->make(0, J, rows);
  return {.num_estimates = rows.num_estimates,
          .estimate = std::move(rows.estimate),
          .status = std::move(rows.status)};
}

}  // namespace

std::uint64_t data_set_seed(std::uint64_t study_seed,
                            std::int64_t cell,
                            std::int64_t repetition) {
  return Stream(study_seed, Purpose::study_inference, study_task(cell, repetition))
      .bits();
}

void add_profile(const DataSetFit& data,
                 const StudyColumns& columns,
                 std::int64_t at,
                 ReplicateRows& out) {
  std::vector<ProfiledParameter> profiles;
  try {
    profiles = data.model == nullptr ? profile_gaussian(*data.stats, data.level)
                                     : profile_glmm(*data.model, *data.glmm, data.level);
  } catch (const DataError&) {
    return;  // no interval
  }
  const std::vector<std::size_t> parameters = parameters_of(data, columns);
  for (std::size_t k = 0; k < profiles.size(); ++k) {
    put(columns.interval(parameters[k], StudyDf::profile),
        profiles[k].low,
        profiles[k].high,
        at,
        out);
  }
}

void add_bootstrap(const DataSetFit& data,
                   const StudyColumns& columns,
                   std::int64_t at,
                   ReplicateRows& out) {
  const DataSetBootstrap& bootstrap = *data.estimator->bootstrap;
  const Criterion criterion = criterion_of(*data.estimator);
  const std::vector<std::size_t> parameters = parameters_of(data, columns);
  const bool studentised = bootstrap.wants(IntervalType::stud);
  const SchemeOptions options{.seed = data.seed,
                              .criterion = criterion,
                              .keep_std_errors = studentised,
                              .simd = data.simd};
  SummaryRequest request = summary_request(*data.fit, bootstrap.intervals, data.level);
  ReplicateRows replicates;
  try {
    const std::shared_ptr<const GroupRows> rows =
        data.model == nullptr && bootstrap.plan.needs_rows() ? rows_of(data) : nullptr;
    const std::unique_ptr<Scheme> scheme =
        data.model == nullptr
            ? make_bootstrap(bootstrap.plan, *data.stats, rows, *data.fit, options)
            : make_bootstrap(bootstrap.plan, data.model, *data.glmm, data.quasi, options);
    scheme->make(0, bootstrap.replicates, replicates);
    if (bootstrap.wants(IntervalType::bca))
      add_accelerations(delete_one_fits(data, criterion), {}, request);
  } catch (const DataError&) {
    return;  // no bootstrap starts from such a fit
  }
  if (studentised) {
    request.columns.num_std_errors = replicates.num_std_errors;
    add_studentised(*data.fit, true, request);
  }
  if (bootstrap.plan.type == BootstrapType::reb &&
      bootstrap.plan.reb_type == RebType::adjusted) {
    request.columns.adjustment.emplace(
        estimates_of(*data.fit), [&replicates](const UseReplicates& use) {
          use(0, replicates.estimate, replicates.std_error, replicates.status);
        });
  }
  const std::vector<BootstrapSummary> summaries =
      summarize_in_memory(request, replicates);
  for (std::size_t k = 0; k < summaries.size(); ++k) {
    const std::size_t parameter = parameters[k];
    put(columns.spread(parameter), summaries[k].mean, summaries[k].sd, at, out);
    for (const Interval& interval : summaries[k].intervals) {
      put(columns.interval(parameter, study_df(interval.type)),
          interval.low,
          interval.high,
          at,
          out);
    }
  }
}

void write_posterior(const DataSetFit& data,
                     const std::vector<std::string>& terms,
                     const StudyColumns& columns,
                     std::int64_t at,
                     ReplicateRows& out) {
  const DataSetPosterior& posterior = *data.estimator->posterior;
  const std::vector<std::size_t> parameters = parameters_of(data, columns);
  const bool gaussian = data.model == nullptr;
  const PriorModel model =
      gaussian ? prior_model(terms, true) : prior_model(*data.model, terms, true);
  const auto first = data.data->y.begin();
  const PriorSet priors = resolve_priors(
      posterior.priors,
      model,
      data_scales(model, *data.stats, {first, first + data.data->num_obs()}));
  const SamplerOptions options{
      .shape = {.num_chains = posterior.chains, .draws_per_chain = posterior.draws},
      .warmup = posterior.warmup,
      .seed = data.seed};
  const ReplicateRows draws = draw_all(
      gaussian ? choose_sampler(*data.stats, *data.fit, priors, options)
               : choose_sampler(
                     data.model, *data.glmm, data.estimator->num_nodes, priors, options));
  const std::array shares{0.5 * (1.0 - data.level), 0.5, 0.5 * (1.0 + data.level)};
  const auto width = static_cast<std::size_t>(draws.num_estimates);
  const auto tau = static_cast<std::int64_t>(columns.tau_parameter());
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    std::vector<double> of_one;
    for (std::size_t i = k; i < draws.estimate.size(); i += width)
      of_one.push_back(draws.estimate[i]);
    const auto S = static_cast<double>(of_one.size());
    const double mean = std::accumulate(of_one.begin(), of_one.end(), 0.0) / S;
    double squares = 0.0;
    for (const double draw : of_one)
      squares += (draw - mean) * (draw - mean);
    const double sd = std::sqrt(squares / (S - 1.0));
    const std::vector<double> q = quantiles(of_one, shares);
    const std::size_t parameter = parameters[k];
    const double estimate = posterior.median ? q[1] : mean;
    put(columns.spread(parameter), mean, sd, at, out);
    put(columns.interval(parameter, StudyDf::eti), q[0], q[2], at, out);
    const auto index = static_cast<std::int64_t>(parameter);
    if (index < tau) {
      put(index, estimate, sd, at, out);
    } else {
      out.estimate[static_cast<std::size_t>(at * out.num_estimates + columns.tau() +
                                            index - tau)] = estimate;
    }
  }
  out.status[static_cast<std::size_t>(at)] =
      static_cast<std::uint8_t>(ReplicateStatus::ok);
}

}  // namespace merit
