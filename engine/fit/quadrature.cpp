// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature.hpp"

#include "engine/model/elementary.hpp"

namespace merit {

QuadratureLikelihood::QuadratureLikelihood(const PackedRows& rows,
                                           const GlmFamily& family,
                                           const Outcome& response,
                                           const GaussHermite& rule,
                                           double mode_tolerance)
    : rows_(&rows),
      family_(&family),
      response_(&response),
      num_parameters_(rows.num_fixed + family.num_extra + 1) {
  const auto J = static_cast<std::size_t>(rows.num_groups());
  const auto P = static_cast<std::size_t>(num_parameters_);
  gradient_.resize(num_parameters_);
  information_.resize(num_parameters_, num_parameters_);
  mode_.assign(J, 0.0);
  curvature_.assign(J, 1.0);
  slope_.assign(J * P, 0.0);
  if (!rows.group_weight.empty()) multiplicity_ = rows.group_weight.data();
  log_constant_ = response.log_constant;
  set_rule(rule, mode_tolerance);
}

void QuadratureLikelihood::set_rule(const GaussHermite& rule, double mode_tolerance) {
  rule_ = rule.rule(mode_tolerance);
  const QuadratureScratch sizes(static_cast<int>(rows_->num_fixed),
                                family_->num_extra,
                                rule_.num_padded,
                                rows_->largest_group());
  const auto needed = static_cast<std::size_t>(sizes.size);
  if (scratch_.size() < needed) scratch_.resize(needed);
}

QuadratureRows QuadratureLikelihood::rows() const {
  return {static_cast<int>(rows_->num_fixed),
          rows_->num_groups(),
          rows_->first_pack.data(),
          rows_->x,
          rows_->offset,
          response_->y,
          rows_->trials,
          rows_->weight,
          multiplicity_};
}

void QuadratureLikelihood::evaluate_intercept(const Eigen::VectorXd& psi,
                                              std::int64_t group,
                                              InterceptPoints& points) {
  QuadratureRows one = rows();
  one.first_pack += group;
  one.num_groups = 1;
  family_->kernel.intercept(one, psi.data(), family_->num_extra, points, scratch_.data());
}

bool QuadratureLikelihood::evaluate(const Eigen::VectorXd& psi, QuadratureDetail detail) {
  QuadratureSums sums{0.0, gradient_.data(), information_.data(), true};
  family_->kernel.evaluate(rows(),
                           rule_,
                           psi.data(),
                           family_->num_extra,
                           detail,
                           {mode_.data(), curvature_.data(), slope_.data()},
                           sums,
                           scratch_.data());
  log_likelihood_ = sums.log_likelihood +
                    (multiplicity_ == nullptr ? response_->log_constant : log_constant_);
  if (!response_->exceed.empty()) add_exceeding(psi);
  // NaN and infinities fail the comparison.
  return sums.finite && log_likelihood_ > -1e300 && log_likelihood_ < 1e300;
}

void QuadratureLikelihood::add_exceeding(const Eigen::VectorXd& psi) {
  const Eigen::Index gamma = rows_->num_fixed;
  const double theta = elementary::exp(psi[gamma]);
  const std::vector<double>& exceed = exceed_ != nullptr ? *exceed_ : response_->exceed;
  double value = 0.0, first = 0.0, second = 0.0;
  for (std::size_t i = 1; i < exceed.size(); ++i) {
    const auto m = static_cast<double>(i);
    const double share = m / (theta + m);
    value += exceed[i] * elementary::log1p(m / theta);
    first -= exceed[i] * share;
    second += exceed[i] * share * (1.0 - share);
  }
  log_likelihood_ += value;
  gradient_[gamma] += first;
  information_(gamma, gamma) -= second;
}

Eigen::VectorXd QuadratureLikelihood::group_gradient(const Eigen::VectorXd& psi,
                                                     std::int64_t group) {
  const auto j = static_cast<std::size_t>(group);
  QuadratureRows one = rows();
  one.first_pack += group;
  one.num_groups = 1;
  one.multiplicity = nullptr;
  Eigen::VectorXd gradient(num_parameters_);
  QuadratureSums sums{0.0, gradient.data(), nullptr, true};
  double* const slope = &slope_[j * static_cast<std::size_t>(num_parameters_)];
  family_->kernel.evaluate(one,
                           rule_,
                           psi.data(),
                           family_->num_extra,
                           QuadratureDetail::gradient,
                           {&mode_[j], &curvature_[j], slope},
                           sums,
                           scratch_.data());
  if (response_->exceed.empty()) return gradient;
  // As in add_exceeding.
  const Eigen::Index gamma = rows_->num_fixed;
  const double theta = elementary::exp(psi[gamma]);
  const std::int64_t first = rows_->first_row(group);
  for (std::int64_t i = first; i < first + rows_->size[j]; ++i) {
    for (std::int32_t m = 1; m < response_->y[i]; ++m)
      gradient[gamma] -= rows_->weight_of(i) * (m / (theta + m));
  }
  return gradient;
}

double QuadratureLikelihood::mean_excess() const {
  double excess = 0.0, groups = 0.0;
  for (std::size_t j = 0; j < curvature_.size(); ++j) {
    const double count = multiplicity_ == nullptr ? 1.0 : multiplicity_[j];
    if (count == 0.0) continue;
    excess += count * (curvature_[j] - 1.0);
    groups += count;
  }
  return excess / groups;
}

void QuadratureLikelihood::predict_modes(const Eigen::VectorXd& step) {
  const double* slope = slope_.data();
  for (double& mode : mode_) {
    double sum = 0.0;
    for (Eigen::Index a = 0; a < num_parameters_; ++a)
      sum += slope[a] * step[a];
    mode += sum;
    slope += num_parameters_;
  }
}

}  // namespace merit
