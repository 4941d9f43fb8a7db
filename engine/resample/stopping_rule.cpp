// SPDX-License-Identifier: MIT
#include "engine/resample/stopping_rule.hpp"

#include <algorithm>

namespace merit {
namespace {

constexpr double kStep = 1.25;
constexpr double kHighest = 8.0;
constexpr double kShort = 0.9;  // of what the error asks for

std::int64_t whole_blocks(double count, const StoppingRule& rule) {
  if (!(count < static_cast<double>(rule.most))) return rule.most;
  const auto blocks = (static_cast<std::int64_t>(count) - 1) / rule.block_rows + 1;
  return std::min(rule.most, blocks * rule.block_rows);
}

}  // namespace

std::int64_t StoppingRule::first(std::int64_t least) const {
  return whole_blocks(static_cast<double>(std::max<std::int64_t>(1, least)), *this);
}

std::int64_t StoppingRule::next(std::int64_t now, double seen) const {
  if (seen < error || now >= most) return now;
  const auto above = [this](std::int64_t rung) {
    return std::max(whole_blocks(kStep * static_cast<double>(rung), *this),
                    std::min(most, rung + block_rows));
  };
  const double times = kShort * (seen / error) * (seen / error);
  const double wanted = static_cast<double>(now) * std::min(times, kHighest);
  std::int64_t rung = above(now);
  while (rung < most && static_cast<double>(above(rung)) <= wanted)
    rung = above(rung);
  return rung;
}

}  // namespace merit
