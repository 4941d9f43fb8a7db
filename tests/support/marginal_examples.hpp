// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>

#include "engine/posterior/marginal_posterior.hpp"
#include "tests/support/glmm_rows.hpp"

namespace merit::testing {

/// Small models of all families, with priors that say something.
struct Example {
  Family family;
  Link link;
};

inline constexpr Example kExamples[] = {{Family::binomial, Link::probit},
                                        {Family::poisson, Link::log},
                                        {Family::negbinomial, Link::log},
                                        {Family::ordinal, Link::logit}};

inline PriorSet priors_of(const GlmmModel& model) {
  PriorSet priors;
  priors.coefficient.assign(static_cast<std::size_t>(model.rows.num_fixed),
                            make_prior(PriorKind::normal, 0.1, 1.5));
  priors.intercept = make_prior(PriorKind::student_t, 3.0, 0.0, 2.5);
  priors.tau = make_prior(PriorKind::half_student_t, 3.0, 1.0);
  priors.dispersion = make_prior(PriorKind::gamma, 2.0, 0.5);
  if (model.family.has_thresholds())
    priors.threshold.assign(3, make_prior(PriorKind::student_t, 3.0, 0.0, 2.5));
  return priors;
}

inline std::shared_ptr<const GlmmModel> example(const Example& of) {
  return std::make_shared<const GlmmModel>(
      model_of(made_up_rows(of.family, 8, 3, false), of.family, of.link));
}

inline std::shared_ptr<const MarginalPosterior> marginal_of(
    const std::shared_ptr<const GlmmModel>& model, const PriorSet& priors) {
  return std::make_shared<const MarginalPosterior>(
      model, priors, 5, some_parameters(*model, 0.6));
}

}  // namespace merit::testing
