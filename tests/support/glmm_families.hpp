// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <Eigen/Dense>

#include "tests/support/glmm_rows.hpp"

namespace merit::testing {

/// Every family with every link.
struct Case {
  std::string name;
  Family family;
  Link link;
  bool trials;
};

inline const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"binary logit", Family::binomial, Link::logit, false},
      {"binary probit", Family::binomial, Link::probit, false},
      {"binary cloglog", Family::binomial, Link::cloglog, false},
      {"binomial logit", Family::binomial, Link::logit, true},
      {"binomial probit", Family::binomial, Link::probit, true},
      {"binomial cloglog", Family::binomial, Link::cloglog, true},
      {"poisson", Family::poisson, Link::log, false},
      {"negbinomial", Family::negbinomial, Link::log, false},
      {"ordinal logit", Family::ordinal, Link::logit, false},
      {"ordinal probit", Family::ordinal, Link::probit, false}};
  return kCases;
}

// The families once more, in the C library's functions, as textbooks write them.

inline long double cdf(Link link, long double x) {
  switch (link) {
    case Link::probit:
      return 0.5L * std::erfc(-x / std::sqrt(2.0L));
    case Link::cloglog:
      return -std::expm1(-std::exp(x));
    default:
      return 1.0L / (1.0L + std::exp(-x));
  }
}

/// log P(y), all constants included.
inline long double log_density(const Case& c,
                               long double eta,
                               long double y,
                               long double m,
                               const Eigen::VectorXd& extra) {
  switch (c.family) {
    case Family::binomial: {
      const long double events = y == 0.0L ? 0.0L : y * std::log(cdf(c.link, eta));
      const long double none =
          c.link == Link::cloglog ? -std::exp(eta) : std::log(cdf(c.link, -eta));
      return events + (m - y) * none + std::lgamma(m + 1.0L) - std::lgamma(y + 1.0L) -
             std::lgamma(m - y + 1.0L);
    }
    case Family::poisson:
      return y * eta - std::exp(eta) - std::lgamma(y + 1.0L);
    case Family::negbinomial: {
      const long double theta = std::exp(static_cast<long double>(extra[0]));
      const long double mu = std::exp(eta);
      return std::lgamma(y + theta) - std::lgamma(theta) - std::lgamma(y + 1.0L) +
             theta * std::log(theta / (theta + mu)) + y * std::log(mu / (theta + mu));
    }
    default: {
      const auto at = static_cast<Eigen::Index>(y);
      const long double above = at < 3 ? cdf(c.link, extra[at] - eta) : 1.0L;
      const long double below = at > 0 ? cdf(c.link, extra[at - 1] - eta) : 0.0L;
      return std::log(above - below);
    }
  }
}

/// log of a group's density and of v ~ N(0, 1), all constants included but the normal one's.
inline long double log_joint(const Case& c,
                             const GlmmModel& model,
                             const Eigen::VectorXd& psi,
                             std::size_t group,
                             long double v) {
  const PackedRows& rows = model.rows;
  const Eigen::Index p = rows.num_fixed;
  const Eigen::VectorXd extra = psi.segment(p, model.family.num_extra);
  long double f = -0.5L * v * v;
  for (std::int64_t i = 0; i < rows.size[group]; ++i) {
    const std::int64_t pack = rows.first_pack[group] + i / 8, lane = i % 8;
    const auto at = static_cast<std::size_t>(pack * 8 + lane);
    long double eta = rows.offset[at] + psi[psi.size() - 1] * v;
    for (Eigen::Index a = 0; a < p; ++a)
      eta += rows.x[static_cast<std::size_t>((pack * p + a) * 8 + lane)] * psi[a];
    f += log_density(c, eta, rows.y[at], rows.trials[at], extra);
  }
  return f;
}

}  // namespace merit::testing
