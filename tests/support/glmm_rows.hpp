// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include "engine/fit/glmm_fit.hpp"
#include "engine/model/packed_rows.hpp"

namespace merit::testing {

/// Rows of a made-up generalised model, as a test can count through them.
struct GlmmRows {
  std::vector<double> group, x1, x2, offset, trials, y;
};

/// J groups of 1 to 19 rows, two covariates, τ = 0.7; responses that suit the family.
inline GlmmRows made_up_rows(Family family, int num_groups, unsigned seed, bool trials) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  GlmmRows rows;
  for (int j = 0; j < num_groups; ++j) {
    const double b = 0.7 * normal(random);
    const int n = 1 + (7 * j) % 19;
    for (int i = 0; i < n; ++i) {
      const double x1 = normal(random), x2 = uniform(random) < 0.4 ? 1.0 : 0.0;
      const double offset = 0.2 * normal(random);
      const double eta = -0.3 + 0.5 * x1 - 0.4 * x2 + offset + b;
      const double m = trials ? 1.0 + std::floor(5.0 * uniform(random)) : 1.0;
      double y = 0.0;
      if (family == Family::binomial) {
        for (int t = 0; t < static_cast<int>(m); ++t)
          y += uniform(random) < 1.0 / (1.0 + std::exp(-eta)) ? 1.0 : 0.0;
      } else if (family == Family::ordinal) {
        const double latent = eta + 1.3 * normal(random);
        y = (latent > -1.0) + (latent > 0.0) + (latent > 1.2);
      } else {
        std::gamma_distribution<double> gamma(2.0, 0.5);
        const double mean =
            std::exp(eta) * (family == Family::negbinomial ? gamma(random) : 1.0);
        y = static_cast<double>(std::poisson_distribution<int>(mean)(random));
      }
      rows.group.push_back(j);
      rows.x1.push_back(x1);
      rows.x2.push_back(x2);
      rows.offset.push_back(offset);
      rows.trials.push_back(m);
      rows.y.push_back(y);
    }
  }
  return rows;
}

/// The rows in the order of their groups, as the program would keep them.
inline PackedRows packed(const GlmmRows& rows,
                         const std::vector<const double*>& columns,
                         const Eigen::VectorXd& origin) {
  std::map<double, std::int64_t> sizes, next;
  for (const double group : rows.group)
    ++sizes[group];
  std::vector<double> key;
  std::vector<std::int64_t> size;
  for (const auto& [group, n] : sizes) {
    next[group] = std::ssize(key);
    key.push_back(group);
    size.push_back(n);
  }
  PackedRows out = lay_out_rows(key, size, origin);
  const PackedColumns kinds{.offset = true, .trials = true};
  const PackedRowsWriter writer(out, kinds, allocate_rows(packed_bytes(out, kinds)));
  std::vector<std::int64_t> filled(key.size(), 0);
  for (std::size_t i = 0; i < rows.y.size(); ++i) {
    const std::int64_t group = next[rows.group[i]];
    writer.put(group,
               filled[static_cast<std::size_t>(group)]++,
               {.x = columns.data(),
                .at = static_cast<std::int64_t>(i),
                .offset = rows.offset[i],
                .trials = rows.trials[i],
                .y = rows.y[i]});
  }
  for (std::int64_t j = 0; j < out.num_groups(); ++j)
    writer.pad(j);
  return out;
}

/// The model with an intercept, x1 and x2.
inline GlmmModel model_of(const GlmmRows& rows,
                          Family family,
                          Link link,
                          SimdLevel simd = SimdLevel::v2) {
  const std::vector<double> ones(rows.y.size(), 1.0);
  const bool ordinal = family == Family::ordinal;
  std::vector<const double*> columns = {rows.x1.data(), rows.x2.data()};
  if (!ordinal) columns.insert(columns.begin(), ones.data());
  Eigen::VectorXd origin = Eigen::VectorXd::Zero(std::ssize(columns));
  origin[ordinal ? 0 : 1] = 0.125;  // so that undoing it is tested
  bool bernoulli = family == Family::binomial;
  for (const double m : rows.trials)
    bernoulli = bernoulli && m == 1.0;
  return glmm_model(packed(rows, columns, origin),
                    glm_family(family, link, bernoulli, 4, simd),
                    !ordinal);
}

/// Parameters in the middle of where the data come from, τ last.
inline Eigen::VectorXd some_parameters(const GlmmModel& model, double tau) {
  Eigen::VectorXd psi = Eigen::VectorXd::Zero(model.num_parameters());
  const Eigen::Index p = model.rows.num_fixed;
  psi.head(p).setLinSpaced(-0.35, 0.45);
  if (model.family.family == Family::negbinomial) psi[p] = 0.4;
  if (model.family.has_thresholds()) psi.segment(p, 3) << -0.9, 0.15, 1.1;
  psi[psi.size() - 1] = tau;
  return psi;
}

}  // namespace merit::testing
