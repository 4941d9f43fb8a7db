// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace merit {

enum class Family { gaussian, binomial, poisson, negbinomial, ordinal };
enum class Link { identity, logit, probit, cloglog, log };

/// As in --family and --link.
std::string_view name(Family family);
std::string_view name(Link link);

/// @throws UsageError naming what is accepted
Family parse_family(std::string_view text);

/// The family's own link if `text` is empty.
/// @throws UsageError if there is no such link, or the family does not have it
Link parse_link(Family family, std::string_view text);

/// Links that a family has, its own first.
std::span<const Link> links_of(Family family);

/// Variance of the level-one error on the scale of the linear predictor: π²/3 (logit), 1
/// (probit), π²/6 (cloglog). NaN for families that have no such scale.
double latent_variance(Family family, Link link);

}  // namespace merit
