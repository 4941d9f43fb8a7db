// SPDX-License-Identifier: MIT
#include "engine/model/family.hpp"

#include <algorithm>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {
namespace {

struct FamilyEntry {
  Family family;
  std::string_view name;
  std::vector<Link> links;  // the first is the family's own
};

const std::vector<FamilyEntry>& families() {
  static const std::vector<FamilyEntry> kFamilies = {
      {Family::gaussian, "gaussian", {Link::identity}},
      {Family::binomial, "binomial", {Link::logit, Link::probit, Link::cloglog}},
      {Family::poisson, "poisson", {Link::log}},
      {Family::negbinomial, "negbinomial", {Link::log}},
      {Family::ordinal, "ordinal", {Link::logit, Link::probit}}};
  return kFamilies;
}

const FamilyEntry& entry(Family family) {
  return families()[static_cast<std::size_t>(family)];
}

/// "logit, probit or cloglog"
template <class Range, class NameOf>
std::string list(const Range& range, const NameOf& name_of) {
  std::string out;
  std::size_t at = 0;
  for (const auto& item : range) {
    if (at > 0) out += at + 1 == std::size(range) ? " or " : ", ";
    out += name_of(item);
    ++at;
  }
  return out;
}

}  // namespace

std::string_view name(Family family) {
  return entry(family).name;
}

std::string_view name(Link link) {
  switch (link) {
    case Link::identity:
      return "identity";
    case Link::logit:
      return "logit";
    case Link::probit:
      return "probit";
    case Link::cloglog:
      return "cloglog";
    case Link::log:
      return "log";
  }
  return "";
}

Family parse_family(std::string_view text) {
  for (const FamilyEntry& candidate : families()) {
    if (candidate.name == text) return candidate.family;
  }
  throw UsageError(fmt::format(
      "--family {}: not a family; use {}", text, list(families(), [](const auto& e) {
        return std::string(e.name);
      })));
}

Link parse_link(Family family, std::string_view text) {
  const std::span<const Link> links = links_of(family);
  if (text.empty()) return links.front();
  const auto found = std::find_if(
      links.begin(), links.end(), [&](Link link) { return name(link) == text; });
  if (found != links.end()) return *found;
  throw UsageError(
      fmt::format("--link {}: family {} takes link {}",
                  text,
                  name(family),
                  list(links, [](Link link) { return std::string(name(link)); })));
}

std::span<const Link> links_of(Family family) {
  return entry(family).links;
}

double latent_variance(Family family, Link link) {
  constexpr double pi = std::numbers::pi;
  const bool latent = family == Family::binomial || family == Family::ordinal;
  if (!latent) return std::numeric_limits<double>::quiet_NaN();
  return link == Link::logit     ? pi * pi / 3.0
         : link == Link::cloglog ? pi * pi / 6.0
                                 : 1.0;
}

}  // namespace merit
