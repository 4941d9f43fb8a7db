// SPDX-License-Identifier: MIT
#include "engine/study/data_generator.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/model/elementary.hpp"
#include "engine/resample/count_draw.hpp"
#include "engine/resample/simulate_kernel.hpp"
#include "engine/study/snapshot_rows.hpp"

namespace merit {
namespace {

constexpr std::int64_t kPad = 8;

std::int64_t padded(std::int64_t count) {
  return (count + kPad - 1) / kPad * kPad;
}

Purpose covariate_purpose(std::size_t index) {
  return static_cast<Purpose>(static_cast<std::uint32_t>(Purpose::study_covariates) +
                              static_cast<std::uint32_t>(index));
}

/// Calls visit(group, first row, rows) for each group.
template <class Visit>
void for_each_group(const DataSet& data, const Visit& visit) {
  std::int64_t first = 0;
  for (std::size_t j = 0; j < data.size.size(); ++j) {
    visit(static_cast<std::int64_t>(j), first, data.size[j]);
    first += data.size[j];
  }
}

}  // namespace

DataGenerator::DataGenerator(const Study& study, SimdLevel simd)
    : study_(&study), simd_(simd), draws_(draw_kernels(simd)) {}

void DataGenerator::make(std::int64_t cell,
                         std::int64_t repetition,
                         Workspace& work,
                         DataSet& out) const {
  const StudyCell& how = study_->cells[static_cast<std::size_t>(cell)];
  const std::int64_t task = study_task(cell, repetition);
  out.cell = cell;
  out.repetition = repetition;
  const std::int64_t n = draw_sizes(how, task, work, out.size);
  out.covariate.resize(study_->covariates.size());
  work.rows.assign(2 * study_->snapshots.size(), {});
  for (std::size_t k = 0; k < study_->covariates.size(); ++k) {
    out.covariate[k].resize(static_cast<std::size_t>(padded(n)));
    draw_covariate(k, task, work, out);
  }
  multiply_terms(out);
  out.y.resize(static_cast<std::size_t>(padded(n)));
  draw_responses(how, task, work, out);
}

std::int64_t DataGenerator::num_obs(std::int64_t cell,
                                    std::int64_t repetition,
                                    Workspace& work) const {
  std::vector<std::int64_t> size;
  return draw_sizes(study_->cells[static_cast<std::size_t>(cell)],
                    study_task(cell, repetition),
                    work,
                    size);
}

std::int64_t DataGenerator::draw_sizes(const StudyCell& cell,
                                       std::int64_t task,
                                       Workspace& work,
                                       std::vector<std::int64_t>& size) const {
  const std::int64_t J = cell.num_groups;
  if (study_->sizes_from) return take_sizes(cell, task, work, size);
  size.assign(static_cast<std::size_t>(J), static_cast<std::int64_t>(cell.size.mean));
  if (cell.size.sd == 0.0) return J * size.front();
  work.draws.resize(static_cast<std::size_t>(padded(J)));
  draws_.normals(
      study_->seed, Purpose::study_group_sizes, task, padded(J), work.draws.data());
  std::int64_t n = 0;
  for (std::size_t j = 0; j < size.size(); ++j) {
    const double drawn = std::rint(cell.size.mean + cell.size.sd * work.draws[j]);
    size[j] = std::max(cell.size.least, static_cast<std::int64_t>(drawn));
    n += size[j];
  }
  return n;
}

/// Of real groups.
std::int64_t DataGenerator::take_sizes(const StudyCell& cell,
                                       std::int64_t task,
                                       Workspace& work,
                                       std::vector<std::int64_t>& size) const {
  const std::size_t snapshot = *study_->sizes_from;
  const SnapshotColumns& real = study_->snapshots[snapshot];
  if (cell.all_groups) {
    work.group.resize(static_cast<std::size_t>(real.num_groups()));
    std::iota(work.group.begin(), work.group.end(), std::int64_t{0});
  } else {
    draw_groups(*study_, snapshot, task, cell.num_groups, work.group);
  }
  size.clear();
  for (const std::int64_t group : work.group)
    size.push_back(real.size(group));
  return std::accumulate(size.begin(), size.end(), std::int64_t{0});
}

/// From a snapshot.
void DataGenerator::take_covariate(const Covariate& covariate,
                                   std::int64_t task,
                                   Workspace& work,
                                   const std::vector<std::int64_t>& size,
                                   AlignedVector<double>& values) const {
  const std::size_t snapshot = covariate.snapshot;
  std::vector<std::int64_t>& rows = work.rows[2 * snapshot + (covariate.by_rows ? 1 : 0)];
  if (rows.empty()) {
    const bool has_sizes = study_->sizes_from == snapshot;
    if (!has_sizes && !covariate.by_rows)
      draw_groups(*study_, snapshot, task, std::ssize(size), work.other_group);
    draw_rows(*study_,
              snapshot,
              covariate.by_rows,
              task,
              has_sizes ? work.group : work.other_group,
              size,
              rows);
  }
  const std::vector<double>& real = study_->snapshots[snapshot].value[covariate.column];
  std::fill(values.begin(), values.end(), 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i)
    values[i] = real[static_cast<std::size_t>(rows[i])];
}

void DataGenerator::draw_covariate(std::size_t index,
                                   std::int64_t task,
                                   Workspace& work,
                                   DataSet& out) const {
  const Covariate& covariate = study_->covariates[index];
  AlignedVector<double>& values = out.covariate[index];
  const std::int64_t J = out.num_groups();
  if (covariate.kind == CovariateKind::snapshot)
    return take_covariate(covariate, task, work, out.size, values);
  const bool by_group = covariate.level == CovariateLevel::group;
  const std::int64_t count = by_group ? padded(J) : std::ssize(values);
  if (by_group) work.draws.resize(static_cast<std::size_t>(count));
  double* const drawn = by_group ? work.draws.data() : values.data();
  const Purpose purpose = covariate_purpose(index);
  switch (covariate.kind) {
    case CovariateKind::normal:
      draws_.normals(study_->seed, purpose, task, count, drawn);
      for (std::int64_t i = 0; i < count; ++i)
        drawn[i] = covariate.mean + covariate.sd * drawn[i];
      break;
    case CovariateKind::binary:
      draws_.uniforms(study_->seed, purpose, task, count, drawn);
      for (std::int64_t i = 0; i < count; ++i)
        drawn[i] = drawn[i] < covariate.share ? 1.0 : 0.0;
      break;
    case CovariateKind::halves:
      for (std::int64_t j = 0; j < J; ++j)
        drawn[j] = j < (J + 1) / 2 ? 0.0 : 1.0;
      break;
    case CovariateKind::snapshot:
      break;  // above
  }
  if (!by_group) return;
  for_each_group(out, [&](std::int64_t j, std::int64_t first, std::int64_t rows) {
    std::fill_n(values.begin() + first, rows, drawn[j]);
  });
}

void DataGenerator::multiply_terms(DataSet& out) const {
  out.column.resize(study_->terms.size());
  for (std::size_t t = 0; t < study_->terms.size(); ++t) {
    const std::vector<std::size_t>& factors = study_->terms[t].covariates;
    if (factors.empty()) continue;
    AlignedVector<double>& column = out.column[t];
    column = out.covariate[factors.front()];
    for (std::size_t k = 1; k < factors.size(); ++k) {
      const AlignedVector<double>& other = out.covariate[factors[k]];
      for (std::size_t i = 0; i < column.size(); ++i)
        column[i] *= other[i];
    }
  }
}

/// Gaussian: y = η + ε.
void DataGenerator::add_errors(const StudyCell& cell,
                               std::int64_t task,
                               Workspace& work,
                               DataSet& out) const {
  AlignedVector<double>& y = out.y;
  draw_noise(
      draws_,
      study_->errors,
      {study_->seed, Purpose::study_responses, Purpose::study_response_shapes, task},
      y,
      work.shape);
  const auto n = static_cast<std::size_t>(out.num_obs());
  if (study_->spread_by) {
    const AlignedVector<double>& by = out.covariate[*study_->spread_by];
    for (std::size_t i = 0; i < n; ++i)
      y[i] *= elementary::exp(study_->spread_slope * by[i]);
  }
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = work.eta[i] + cell.sigma * y[i];
}

void DataGenerator::draw_responses(const StudyCell& cell,
                                   std::int64_t task,
                                   Workspace& work,
                                   DataSet& out) const {
  const std::int64_t J = out.num_groups();
  work.draws.resize(static_cast<std::size_t>(padded(J)));
  draw_noise(
      draws_,
      study_->intercepts,
      {study_->seed, Purpose::study_intercepts, Purpose::study_intercept_shapes, task},
      work.draws,
      work.shape);
  AlignedVector<double>& eta = work.eta;
  eta.assign(out.y.size(), 0.0);
  for_each_group(out, [&](std::int64_t j, std::int64_t first, std::int64_t rows) {
    std::fill_n(
        eta.begin() + first, rows, cell.tau * work.draws[static_cast<std::size_t>(j)]);
  });
  for (std::size_t t = 0; t < study_->terms.size(); ++t) {
    const double beta = cell.beta[t];
    if (!study_->terms[t].has_column()) continue;
    if (study_->terms[t].covariates.empty()) {
      for (double& value : eta)
        value += beta;
    } else if (beta != 0.0) {
      const AlignedVector<double>& column = out.column[t];
      for (std::size_t i = 0; i < eta.size(); ++i)
        eta[i] += beta * column[i];
    }
  }
  AlignedVector<double>& y = out.y;
  const std::int64_t count = std::ssize(y);
  if (study_->is_gaussian()) return add_errors(cell, task, work, out);
  work.draws.resize(y.size());
  draws_.uniforms(study_->seed, Purpose::study_responses, task, count, work.draws.data());
  switch (study_->family) {
    case Family::poisson:
    case Family::negbinomial:
      return draw_counts(cell, work, out);
    case Family::ordinal:
      return draw_categories(cell, work, out);
    default:
      return draw_events(work, out);
  }
}

/// Of the uniform numbers in work.draws, like the following.
void DataGenerator::draw_events(Workspace& work, DataSet& out) const {
  AlignedVector<double>& y = out.y;
  const SimulateKernels kernels = simulate_kernels(simd_);
  const std::int64_t packs = std::ssize(y) / kPad;
  if (study_->link == Link::logit) {
    kernels.logit_events(work.eta.data(), 0.0, work.draws.data(), packs, y.data());
    return;
  }
  work.mean.resize(y.size());
  const auto mean =
      study_->link == Link::probit ? kernels.normal_cdf : kernels.cloglog_cdf;
  mean(work.eta.data(), 0.0, packs, work.mean.data());
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = work.draws[i] < work.mean[i] ? 1.0 : 0.0;
}

void DataGenerator::draw_counts(const StudyCell& cell,
                                Workspace& work,
                                DataSet& out) const {
  work.mean.resize(out.y.size());
  simulate_kernels(simd_).exponentials(
      work.eta.data(), 0.0, std::ssize(out.y) / kPad, work.mean.data());
  const auto n = static_cast<std::size_t>(out.num_obs());
  if (study_->family == Family::poisson) {
    for (std::size_t i = 0; i < n; ++i)
      out.y[i] = draw_poisson(work.draws[i], work.mean[i]);
    return;
  }
  double theta = 1.0;
  for (std::size_t t = 0; t < study_->terms.size(); ++t) {
    if (study_->terms[t].kind == TermKind::theta) theta = cell.beta[t];
  }
  for (std::size_t i = 0; i < n; ++i)
    out.y[i] = draw_negbinomial(work.draws[i], work.mean[i], theta);
}

/// 1 + the number of thresholds θ_k with P(Y ≤ k) ≤ u.
void DataGenerator::draw_categories(const StudyCell& cell,
                                    Workspace& work,
                                    DataSet& out) const {
  const SimulateKernels kernels = simulate_kernels(simd_);
  const std::int64_t packs = std::ssize(out.y) / kPad;
  AlignedVector<double>& y = out.y;
  for (double& eta : work.eta)
    eta = -eta;
  work.mean.resize(y.size());
  std::fill(y.begin(), y.end(), 1.0);
  for (std::size_t k = 0; k < static_cast<std::size_t>(study_->num_thresholds()); ++k) {
    double* const below = work.mean.data();
    if (study_->link == Link::probit) {
      kernels.normal_cdf(work.eta.data(), cell.beta[k], packs, below);
      for (std::size_t i = 0; i < y.size(); ++i)
        y[i] += below[i] <= work.draws[i] ? 1.0 : 0.0;
    } else {
      kernels.logit_events(
          work.eta.data(), cell.beta[k], work.draws.data(), packs, below);
      for (std::size_t i = 0; i < y.size(); ++i)
        y[i] += 1.0 - below[i];
    }
  }
}

}  // namespace merit
