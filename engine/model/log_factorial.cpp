// SPDX-License-Identifier: MIT
#include "engine/model/log_factorial.hpp"

#include <array>
#include <numbers>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

constexpr int kTable = 64;

std::array<double, kTable> make_table() {
  std::array<double, kTable> table{};
  double factorial = 1.0;  // exact up to 22!, then right to 10⁻¹⁵
  for (int n = 1; n < kTable; ++n) {
    factorial *= n;
    table[static_cast<std::size_t>(n)] = elementary::log(factorial);
  }
  return table;
}

}  // namespace

double log_factorial(double n) {
  static const std::array<double, kTable> kLogFactorials = make_table();
  if (n < kTable) return kLogFactorials[static_cast<std::size_t>(n)];
  // Stirling's series: the next term is below 10⁻¹⁶.
  const double r = 1.0 / (n * n);
  const double series = (1.0 / 12.0 + r * (-1.0 / 360.0 + r * (1.0 / 1260.0))) / n;
  return n * (elementary::log(n) - 1.0) +
         0.5 * elementary::log(2.0 * std::numbers::pi * n) + series;
}

}  // namespace merit
