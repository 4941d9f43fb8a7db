// SPDX-License-Identifier: MIT
#include "engine/study/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "engine/error.hpp"
#include "engine/fit/gaussian_fit.hpp"
#include "engine/fit/glmm_start.hpp"
#include "engine/fit/quasi_likelihood.hpp"
#include "engine/inference/cluster_robust.hpp"
#include "engine/inference/kenward_roger.hpp"
#include "engine/inference/satterthwaite.hpp"
#include "engine/model/group_moments.hpp"
#include "engine/model/moments_builder.hpp"
#include "engine/resample/glmm_refit.hpp"
#include "engine/study/external_estimate.hpp"
#include "engine/study/within_regression.hpp"

namespace merit {
namespace {

/// Where τ begins; about the middle of what binary data have.
constexpr double kStartTau = 0.5;

/// Whether it goes on from a fit.
bool goes_on(const StudyEstimator& estimator) {
  return estimator.posterior || estimator.bootstrap || estimator.has(StudyDf::profile);
}

WithinDetail detail_for(const StudyEstimator& estimator) {
  const bool robust =
      std::any_of(estimator.df.begin(), estimator.df.end(), is_cluster_robust);
  const bool by_group =
      estimator.bootstrap && (estimator.bootstrap->plan.needs_group_products() ||
                              estimator.bootstrap->wants(IntervalType::bca));
  return robust || by_group ? WithinDetail::per_group : WithinDetail::pooled;
}

/// Takes a fit of the estimator's own columns to the study's.
void write_fit(const StudyEstimator& estimator,
               const FitResult& fit,
               std::int64_t at,
               ReplicateRows& out) {
  const std::int64_t tau = out.num_std_errors;
  double* estimate = out.estimate.data() + at * out.num_estimates;
  double* std_error = out.std_error.data() + at * out.num_std_errors;
  for (std::size_t a = 0; a < estimator.terms.size(); ++a) {
    const auto row = static_cast<Eigen::Index>(a);
    estimate[estimator.terms[a]] = fit.beta[row];
    std_error[estimator.terms[a]] = std::sqrt(fit.vcov(row, row));
  }
  estimate[tau] = fit.tau;
  estimate[tau + 1] = fit.sigma;
  const auto row = static_cast<std::size_t>(at);
  out.log_likelihood[row] = fit.log_likelihood;
  out.status[row] = static_cast<std::uint8_t>(fit.on_boundary ? ReplicateStatus::boundary
                                                              : ReplicateStatus::ok);
}

std::unique_ptr<WaldMethod> wald_method(StudyDf df,
                                        const GroupedStats& stats,
                                        const FitResult& fit) {
  switch (df) {
    case StudyDf::kenward_roger:
      return kenward_roger(stats, fit);
    case StudyDf::cr0:
      return cluster_robust(stats, fit, VcovMethod::cr0);
    case StudyDf::cr1:
      return cluster_robust(stats, fit, VcovMethod::cr1);
    case StudyDf::cr2:
      return cluster_robust(stats, fit, VcovMethod::cr2);
    case StudyDf::cr3:
      return cluster_robust(stats, fit, VcovMethod::cr3);
    default:
      return satterthwaite(stats, fit);
  }
}

}  // namespace

void resize_rows(const Study& study, std::int64_t repetitions, ReplicateRows& rows) {
  const std::int64_t width = StudyColumns(study).num_with_error();
  rows.resize(repetitions * study.num_estimators(), width + 2, width);
}

void EstimatorBench::estimate_all(const DataSet& data,
                                  std::int64_t first,
                                  ReplicateRows& out) {
  model_terms_.clear();
  stats_terms_.clear();
  for (std::int64_t e = 0; e < study_->num_estimators(); ++e) {
    // NaN, until there is something better.
    GlmmRefit::fail(ReplicateStatus::degenerate, first + e, out);
    estimate(study_->estimators[static_cast<std::size_t>(e)], data, first + e, out);
  }
}

void EstimatorBench::estimate(const StudyEstimator& estimator,
                              const DataSet& data,
                              std::int64_t at,
                              ReplicateRows& out) {
  if (estimator.is_external()) return ask(estimator, data, at, out);
  try {
    if (study_->is_gaussian()) return fit_gaussian_model(estimator, data, at, out);
    const auto end = data.y.begin() + data.num_obs();
    const double first = data.y.front();
    if (std::all_of(data.y.begin(), end, [first](double y) { return y == first; }))
      return;  // degenerate
    if (model_terms_ != estimator.terms) prepare_model(estimator, data);
    if (estimator.is_quasi()) return fit_quasi_model(estimator, data, at, out);
    if (goes_on(estimator)) return fit_whole(estimator, data, at, out);
    fit_quadrature(estimator, at, out);
  } catch (const DataError&) {
    GlmmRefit::fail(ReplicateStatus::degenerate, at, out);  // no fit exists
  }
}

void EstimatorBench::ask(const StudyEstimator& estimator,
                         const DataSet& data,
                         std::int64_t at,
                         ReplicateRows& out) {
  ExternalWorker& worker =
      workers_
          .try_emplace(&estimator,
                       ExternalCommand{.command = estimator.command,
                                       .timeout = estimator.timeout,
                                       .show_stderr = estimator.show_stderr})
          .first->second;
  const std::optional<std::string> answer =
      worker.ask(question(*study_, data, data.cell, data.repetition));
  if (answer && answer->starts_with("failed"))
    return GlmmRefit::fail(ReplicateStatus::not_converged, at, out);
  if (!answer || !read_answer(*study_, *answer, at, out))
    GlmmRefit::fail(ReplicateStatus::no_answer, at, out);
}

void EstimatorBench::prepare_stats(const StudyEstimator& estimator, const DataSet& data) {
  const WithinDetail detail = detail_for(estimator);
  if (stats_terms_ == estimator.terms && stats_detail_ == detail) return;
  const std::int64_t n = data.num_obs();
  const std::vector<double> group = group_numbers(data);
  const AlignedVector<double> ones(static_cast<std::size_t>(n), 1.0);
  // An ordinal model has no intercept, but the statistics of one.
  std::vector<const double*> columns = {ones.data()};
  for (const std::size_t t : estimator.terms) {
    if (!data.column[t].empty()) columns.push_back(data.column[t].data());
  }
  columns.push_back(data.y.data());
  const auto p1 = static_cast<Eigen::Index>(columns.size());
  MomentsBuilder builder(p1, true, detail, simd_);
  constexpr std::int64_t kStrip = 4096;
  std::vector<const double*> strip(columns.size());
  for (std::int64_t first = 0; first < n; first += kStrip) {
    for (std::size_t a = 0; a < columns.size(); ++a)
      strip[a] = columns[a] + first;
    builder.add(strip, group.data() + first, std::min(kStrip, n - first));
  }
  stats_ = grouped_stats(builder.take(), true);
  stats_terms_ = estimator.terms;
  stats_detail_ = detail;
  gaussian_fit_.reset();
}

const FitResult& EstimatorBench::gaussian_fit(Criterion criterion) {
  if (!gaussian_fit_ || gaussian_fit_->criterion != criterion)
    gaussian_fit_ = fit_gaussian(stats_, {.criterion = criterion});
  return *gaussian_fit_;
}

void EstimatorBench::fit_gaussian_model(const StudyEstimator& estimator,
                                        const DataSet& data,
                                        std::int64_t at,
                                        ReplicateRows& out) {
  prepare_stats(estimator, data);
  if (estimator.method == "pooled") {
    FitResult fit = fit_gaussian_at(stats_, 0.0, Criterion::reml);
    fit.on_boundary = false;  // no finding
    write_fit(estimator, fit, at, out);
    return write_inference(estimator, stats_, fit, at, out);
  }
  if (estimator.has_dummies()) return fit_with_dummies(estimator, at, out);
  const FitResult& fit =
      gaussian_fit(estimator.method == "ml" ? Criterion::ml : Criterion::reml);
  DataSetFit seen = as_seen_by(estimator, data);
  seen.fit = &fit;
  if (estimator.posterior) return draw_posterior(seen, at, out);
  if (!fit.converged) return GlmmRefit::fail(ReplicateStatus::not_converged, at, out);
  write_fit(estimator, fit, at, out);
  write_inference(estimator, stats_, fit, at, out);
  add_intervals(seen, at, out);
}

DataSetFit EstimatorBench::as_seen_by(const StudyEstimator& estimator,
                                      const DataSet& data) const {
  DataSetFit out{.data = &data,
                 .estimator = &estimator,
                 .stats = &stats_,
                 .level = study_->level,
                 .simd = simd_};
  out.seed = data_set_seed(study_->seed, data.cell, data.repetition);
  if (!study_->is_gaussian()) out.model = model_;
  return out;
}

void EstimatorBench::add_intervals(const DataSetFit& fit,
                                   std::int64_t at,
                                   ReplicateRows& out) const {
  if (fit.estimator->has(StudyDf::profile)) add_profile(fit, columns_, at, out);
  if (fit.estimator->bootstrap) add_bootstrap(fit, columns_, at, out);
}

void EstimatorBench::draw_posterior(const DataSetFit& fit,
                                    std::int64_t at,
                                    ReplicateRows& out) const {
  std::vector<std::string> terms;
  for (const std::size_t t : fit.estimator->terms)
    terms.push_back(study_->terms[t].name);
  try {
    write_posterior(fit, terms, columns_, at, out);
  } catch (const UsageError&) {
    GlmmRefit::fail(ReplicateStatus::improper, at, out);
  }
}

void EstimatorBench::fit_with_dummies(const StudyEstimator& estimator,
                                      std::int64_t at,
                                      ReplicateRows& out) {
  StudyEstimator within = estimator;
  within.terms.clear();
  std::vector<Eigen::Index> columns;
  for (std::size_t a = 0; a < estimator.terms.size(); ++a) {
    const std::size_t t = estimator.terms[a];
    if (study_->between_groups(study_->terms[t])) continue;
    within.terms.push_back(t);
    columns.push_back(static_cast<Eigen::Index>(a));
  }
  const auto [stats, fit] = within_regression(stats_, columns);
  write_fit(within, fit, at, out);
  out.estimate[static_cast<std::size_t>(at * out.num_estimates + columns_.tau())] =
      std::nan("");
  write_inference(within, stats, fit, at, out);
}

void EstimatorBench::write_inference(const StudyEstimator& estimator,
                                     const GroupedStats& stats,
                                     const FitResult& fit,
                                     std::int64_t at,
                                     ReplicateRows& out) const {
  for (const StudyDf df : estimator.df) {
    if (!is_estimated(df)) continue;
    const std::unique_ptr<WaldMethod> method = wald_method(df, stats, fit);
    for (std::size_t a = 0; a < estimator.terms.size(); ++a) {
      const auto row = static_cast<Eigen::Index>(a);
      const auto place = static_cast<std::size_t>(columns_.place(estimator.terms[a], df));
      out.estimate[static_cast<std::size_t>(at * out.num_estimates) + place] =
          method->df(Eigen::VectorXd::Unit(fit.beta.size(), row));
      out.std_error[static_cast<std::size_t>(at * out.num_std_errors) + place] =
          std::sqrt(method->vcov()(row, row));
    }
  }
}

/// @throws DataError if a category was never drawn, or a count too large for a row
void EstimatorBench::check_response(const DataSet& data) const {
  const auto end = data.y.begin() + data.num_obs();
  if (study_->family == Family::ordinal) {
    for (int category = 1; category <= study_->num_thresholds() + 1; ++category) {
      if (std::find(data.y.begin(), end, category) == end)
        throw DataError("a category is not there");
    }
  } else if (std::any_of(
                 data.y.begin(), end, [](double y) { return y > kLargestCount; })) {
    throw DataError("a count is too large");
  }
}

void EstimatorBench::prepare_model(const StudyEstimator& estimator, const DataSet& data) {
  check_response(data);
  const bool ordinal = study_->family == Family::ordinal;
  const std::int64_t n = data.num_obs();
  const AlignedVector<double> ones(static_cast<std::size_t>(n), 1.0);
  std::vector<const double*> columns;
  // The origin is the mean, so that estimates of slopes and level are nearly orthogonal.
  std::vector<double> origin;
  for (const std::size_t term : estimator.terms) {
    if (!study_->terms[term].has_column()) continue;
    const AlignedVector<double>& column = data.column[term];
    columns.push_back(column.empty() ? ones.data() : column.data());
    origin.push_back(column.empty()
                         ? 0.0
                         : std::accumulate(column.begin(), column.begin() + n, 0.0) /
                               static_cast<double>(n));
  }
  std::vector<double> key(data.size.size());
  std::iota(key.begin(), key.end(), 0.0);
  PackedRows rows =
      lay_out_rows(std::move(key),
                   data.size,
                   Eigen::Map<const Eigen::VectorXd>(origin.data(), std::ssize(origin)));
  const PackedRowsWriter writer(rows, {}, allocate_rows(packed_bytes(rows, {})));
  std::int64_t row = 0;
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    for (std::int64_t i = 0; i < data.size[static_cast<std::size_t>(j)]; ++i, ++row) {
      const double y = data.y[static_cast<std::size_t>(row)] - (ordinal ? 1.0 : 0.0);
      writer.put(j, i, {columns.data(), row, 0.0, 1.0, y});
    }
    writer.pad(j);
  }
  const int num_categories = ordinal ? study_->num_thresholds() + 1 : 0;
  model_ = std::make_shared<const GlmmModel>(
      glmm_model(std::move(rows),
                 glm_family(study_->family,
                            study_->link,
                            study_->family == Family::binomial,
                            num_categories,
                            simd_),
                 !ordinal));
  model_terms_ = estimator.terms;
}

void EstimatorBench::fit_quadrature(const StudyEstimator& estimator,
                                    std::int64_t at,
                                    ReplicateRows& out) {
  require_a_fit_to_exist(*model_);
  GlmmFit start;
  start.num_nodes = estimator.method == "laplace" ? 1 : estimator.num_nodes;
  start.psi = start_values(*model_);
  start.psi[start.psi.size() - 1] = kStartTau;
  start.start_modes.assign(model_->rows.size.size(), 0.0);
  GlmmRefit refit(*model_, start, nullptr);
  ReplicateRows row;
  const auto p = static_cast<std::int64_t>(estimator.terms.size());
  row.resize(1, p + 1, p);
  refit.fit(nullptr, model_->response.log_constant, nullptr, 0, row);
  const auto status = static_cast<ReplicateStatus>(row.status.front());
  if (failed(status)) {
    const GlmmFit fit = fit_glmm(*model_, {.num_nodes = start.num_nodes});
    if (!fit.diverging.empty())
      return GlmmRefit::fail(ReplicateStatus::separated, at, out);
    if (!fit.result.converged)
      return GlmmRefit::fail(ReplicateStatus::not_converged, at, out);
    return write_fit(estimator, fit.result, at, out);
  }
  const std::int64_t tau = columns_.tau();
  for (std::size_t a = 0; a < estimator.terms.size(); ++a) {
    const auto term = static_cast<std::int64_t>(estimator.terms[a]);
    out.estimate[static_cast<std::size_t>(at * out.num_estimates + term)] =
        row.estimate[a];
    out.std_error[static_cast<std::size_t>(at * tau + term)] = row.std_error[a];
  }
  out.estimate[static_cast<std::size_t>(at * out.num_estimates + tau)] =
      row.estimate.back();
  out.log_likelihood[static_cast<std::size_t>(at)] = row.log_likelihood.front();
  out.status[static_cast<std::size_t>(at)] = row.status.front();
}

void EstimatorBench::fit_whole(const StudyEstimator& estimator,
                               const DataSet& data,
                               std::int64_t at,
                               ReplicateRows& out) {
  const GlmmFit fit = fit_glmm(
      *model_, {.num_nodes = estimator.method == "laplace" ? 1 : estimator.num_nodes});
  DataSetFit seen = as_seen_by(estimator, data);
  seen.fit = &fit.result;
  seen.glmm = &fit;
  if (estimator.posterior) {
    prepare_stats(estimator, data);  // what priors are scaled by
    return draw_posterior(seen, at, out);
  }
  if (!fit.diverging.empty()) return GlmmRefit::fail(ReplicateStatus::separated, at, out);
  if (!fit.result.converged)
    return GlmmRefit::fail(ReplicateStatus::not_converged, at, out);
  write_fit(estimator, fit.result, at, out);
  add_intervals(seen, at, out);
}

void EstimatorBench::fit_quasi_model(const StudyEstimator& estimator,
                                     const DataSet& data,
                                     std::int64_t at,
                                     ReplicateRows& out) {
  const QuasiOptions options{.marginal = estimator.method == "mql",
                             .inner = estimator.inner,
                             .free_scale = estimator.free_scale};
  const GlmmFit fit = fit_quasi(*model_, options, simd_);
  if (!fit.result.converged)
    return GlmmRefit::fail(ReplicateStatus::not_converged, at, out);
  write_fit(estimator, fit.result, at, out);
  DataSetFit seen = as_seen_by(estimator, data);
  seen.fit = &fit.result;
  seen.glmm = &fit;
  seen.quasi = &options;
  add_intervals(seen, at, out);
}

}  // namespace merit
