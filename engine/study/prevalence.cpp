// SPDX-License-Identifier: MIT
#include "engine/study/prevalence.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/fit/quadrature_rule.hpp"
#include "engine/fit/working_kernel.hpp"
#include "engine/model/elementary.hpp"
#include "engine/model/packed_rows.hpp"
#include "engine/simd/aligned_vector.hpp"

namespace merit {
namespace {

constexpr int kNormalPoints = 41;
constexpr int kCovariatePoints = 31;

/// Values of one variable and their probabilities; of a snapshot the numbers of its rows.
struct Axis {
  std::vector<double> value, weight;
};

Axis normal_axis(int points, double mean, double sd) {
  const GaussHermite rule(points);
  Axis axis;
  for (int k = 0; k < points; ++k) {
    axis.value.push_back(mean + sd * rule.node(k));
    axis.weight.push_back(rule.weight(k));
  }
  return axis;
}

bool stands_in_product(const Study& study, std::size_t covariate) {
  return std::any_of(study.terms.begin(), study.terms.end(), [&](const StudyTerm& term) {
    return term.covariates.size() > 1 &&
           std::count(term.covariates.begin(), term.covariates.end(), covariate) > 0;
  });
}

bool joins_the_normal(const Study& study, std::size_t covariate) {
  return study.covariates[covariate].kind == CovariateKind::normal &&
         !stands_in_product(study, covariate);
}

/// Rows of a snapshot, as likely as they are drawn.
Axis snapshot_axis(const Study& study, const Covariate& covariate) {
  const SnapshotColumns& real = study.snapshots[covariate.snapshot];
  const auto n = static_cast<double>(real.num_rows());
  const auto J = static_cast<double>(real.num_groups());
  const bool alike = covariate.by_rows || study.sizes_from == covariate.snapshot;
  Axis axis;
  for (std::int64_t j = 0; j < real.num_groups(); ++j) {
    for (std::int64_t i = 0; i < real.size(j); ++i) {
      axis.value.push_back(static_cast<double>(axis.value.size()));
      axis.weight.push_back(1.0 / (alike ? n : J * static_cast<double>(real.size(j))));
    }
  }
  return axis;
}

/// Whether two covariates take the same rows.
bool share_rows(const Covariate& a, const Covariate& b) {
  return a.kind == CovariateKind::snapshot && b.kind == CovariateKind::snapshot &&
         a.snapshot == b.snapshot && a.by_rows == b.by_rows;
}

/// The covariate before this one that takes the same rows; or itself.
std::size_t first_of_rows(const Study& study, std::size_t covariate) {
  for (std::size_t k = 0; k < covariate; ++k) {
    if (share_rows(study.covariates[k], study.covariates[covariate])) return k;
  }
  return covariate;
}

/// Share of ones.
double share_of(const Covariate& covariate, const StudyCell& cell) {
  if (covariate.kind == CovariateKind::binary) return covariate.share;
  return static_cast<double>(cell.num_groups / 2) / static_cast<double>(cell.num_groups);
}

/// The linear predictor's values without β₀, and their probabilities; padded with weight 0.
struct Predictor {
  AlignedVector<double> eta, weight;
};

Predictor predictor_of(const Study& study, const StudyCell& cell) {
  double mean = 0.0, variance = cell.tau * cell.tau;
  std::vector<Axis> axes;
  std::vector<std::size_t> axis_of(study.covariates.size(), SIZE_MAX);
  for (std::size_t k = 0; k < study.covariates.size(); ++k) {
    const Covariate& covariate = study.covariates[k];
    if (joins_the_normal(study, k)) {
      for (std::size_t t = 0; t < study.terms.size(); ++t) {
        if (study.terms[t].covariates != std::vector<std::size_t>{k}) continue;
        mean += cell.beta[t] * covariate.mean;
        variance += cell.beta[t] * cell.beta[t] * covariate.sd * covariate.sd;
      }
      continue;
    }
    if (const std::size_t first = first_of_rows(study, k); first != k) {
      axis_of[k] = axis_of[first];
      continue;
    }
    axis_of[k] = axes.size();
    if (covariate.kind == CovariateKind::snapshot) {
      axes.push_back(snapshot_axis(study, covariate));
    } else if (covariate.kind == CovariateKind::normal) {
      axes.push_back(normal_axis(kCovariatePoints, covariate.mean, covariate.sd));
    } else {
      const double p = share_of(covariate, cell);
      axes.push_back({{0.0, 1.0}, {1.0 - p, p}});
    }
  }
  axes.push_back(normal_axis(kNormalPoints, mean, std::sqrt(variance)));

  Predictor out;
  std::vector<std::size_t> at(axes.size(), 0);
  for (bool more = true; more;) {
    double weight = 1.0, eta = axes.back().value[at.back()];
    for (std::size_t a = 0; a < axes.size(); ++a)
      weight *= axes[a].weight[at[a]];
    for (std::size_t t = 0; t < study.terms.size(); ++t) {
      const std::vector<std::size_t>& factors = study.terms[t].covariates;
      if (factors.empty() || axis_of[factors.front()] == SIZE_MAX) continue;
      double product = cell.beta[t];
      for (const std::size_t k : factors) {
        const double value = axes[axis_of[k]].value[at[axis_of[k]]];
        const Covariate& covariate = study.covariates[k];
        product *= covariate.kind == CovariateKind::snapshot
                       ? study.snapshots[covariate.snapshot]
                             .value[covariate.column][static_cast<std::size_t>(value)]
                       : value;
      }
      eta += product;
    }
    out.eta.push_back(eta);
    out.weight.push_back(weight);
    more = false;
    for (std::size_t a = 0; a < axes.size() && !more; ++a) {
      more = ++at[a] < axes[a].value.size();
      if (!more) at[a] = 0;
    }
  }
  while (out.eta.size() % kPackRows != 0) {
    out.eta.push_back(0.0);
    out.weight.push_back(0.0);
  }
  return out;
}

}  // namespace

double prevalence_points(const Study& study) {
  double points = kNormalPoints;
  for (std::size_t k = 0; k < study.covariates.size(); ++k) {
    if (joins_the_normal(study, k) || first_of_rows(study, k) != k) continue;
    const Covariate& covariate = study.covariates[k];
    if (covariate.kind == CovariateKind::snapshot) {
      if (covariate.snapshot < study.snapshots.size())  // else told to be wrong already
        points *= static_cast<double>(study.snapshots[covariate.snapshot].num_rows());
      continue;
    }
    points *= study.covariates[k].kind == CovariateKind::normal ? kCovariatePoints : 2.0;
  }
  return points;
}

namespace {

double intercept_for_count(const Predictor& predictor, double mean) {
  double sum = 0.0;
  for (std::size_t k = 0; k < predictor.eta.size(); ++k)
    sum += predictor.weight[k] * elementary::exp(predictor.eta[k]);
  return elementary::log(mean) - elementary::log(sum);
}

}  // namespace

double intercept_for(const Study& study, const StudyCell& cell, double wanted) {
  const Predictor predictor = predictor_of(study, cell);
  if (study.link == Link::log) return intercept_for_count(predictor, wanted);
  const WorkingKernels kernels = simd_v2::working_kernels();  // all levels: the same bits
  const auto means = study.link == Link::logit    ? kernels.logit
                     : study.link == Link::probit ? kernels.probit
                                                  : kernels.cloglog;
  AlignedVector<double> eta(predictor.eta.size()), mean(eta.size()), slope(eta.size());
  double low = -60.0, high = 60.0;
  for (int i = 0; i < 100 && high - low > 1e-14 * (1.0 + std::abs(low)); ++i) {
    const double middle = 0.5 * (low + high);
    for (std::size_t k = 0; k < eta.size(); ++k)
      eta[k] = std::clamp(predictor.eta[k] + middle, -700.0, 700.0);
    means(eta.data(),
          static_cast<std::int64_t>(eta.size()) / kPackRows,
          mean.data(),
          slope.data());
    double share = 0.0;
    for (std::size_t k = 0; k < eta.size(); ++k)
      share += predictor.weight[k] * mean[k];
    (share < wanted ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace merit
