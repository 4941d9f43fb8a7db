// SPDX-License-Identifier: MIT
#include "engine/model/response.hpp"

#include <cmath>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/model/packed_rows.hpp"
#include "engine/model/text.hpp"

namespace merit {
namespace {

/// A proportion times its trials may miss the whole number by this, relative to the trials:
/// proportions are often stored with few digits.
constexpr double kProportionError = 1e-6;

bool is_count(double value) {
  return value >= 0.0 && value <= kLargestCount && std::floor(value) == value;
}

[[noreturn]] void refuse(const ResponseRows& rows,
                         std::int64_t i,
                         const std::string& column,
                         double value,
                         const std::string& accepted) {
  throw DataError(fmt::format("{} is {} in row {}, where {} is needed{}",
                              column,
                              shortest(value),
                              rows.row_number(i),
                              accepted,
                              std::abs(value) > kLargestCount
                                  ? fmt::format(", and none beyond {:.0f}", kLargestCount)
                                  : ""));
}

void check_proportion(ResponseRows& rows, std::int64_t i, double& y, double& trials) {
  if (!is_count(trials) || trials == 0.0)
    refuse(rows, i, rows.other, trials, "a whole number of trials above 0 (--trials)");
  if (!(y >= 0.0 && y <= 1.0)) {
    refuse(rows,
           i,
           rows.response,
           y,
           "a proportion between 0 and 1 (events divided by --trials)");
  }
  const double events = std::floor(y * trials + 0.5);
  if (std::abs(y * trials - events) > kProportionError * trials) {
    throw DataError(fmt::format(
        "{} times {} is {} in row {}, where a whole number of events is needed",
        rows.response,
        rows.other,
        shortest(y * trials),
        rows.row_number(i)));
  }
  y = events;
}

void check_row(Family family, ResponseForm form, ResponseRows& rows, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  double& y = rows.y[at];
  double& other = rows.other_values[at];
  switch (form) {
    case ResponseForm::proportion:
      return check_proportion(rows, i, y, other);
    case ResponseForm::cbind:
      if (!is_count(y)) refuse(rows, i, rows.response, y, "a whole number of events");
      if (!is_count(other))
        refuse(rows, i, rows.other, other, "a whole number of nonevents");
      other += y;
      if (other > kLargestCount)
        refuse(rows, i, rows.response + " + " + rows.other, other, "a number of trials");
      return;
    case ResponseForm::value:
      break;
  }
  other = 1.0;
  switch (family) {
    case Family::binomial:
      if (y != 0.0 && y != 1.0) {
        refuse(rows,
               i,
               rows.response,
               y,
               "0 or 1 (counts of events go with cbind(events, nonevents), proportions "
               "with --trials)");
      }
      return;
    case Family::poisson:
    case Family::negbinomial:
      if (!is_count(y)) {
        refuse(rows, i, rows.response, y, "a count (a whole number from 0 on)");
      }
      return;
    case Family::ordinal:
      if (std::floor(y) != y || std::abs(y) > kLargestCount)
        refuse(rows, i, rows.response, y, "a whole number or an ordered category");
      return;
    case Family::gaussian:
      return;
  }
}

}  // namespace

void check_response(Family family, ResponseForm form, ResponseRows& rows) {
  for (std::int64_t i = 0; i < std::ssize(rows.y); ++i)
    check_row(family, form, rows, i);
}

}  // namespace merit
