// SPDX-License-Identifier: MIT
#include "engine/posterior/autocovariance.hpp"

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <utility>

namespace merit {
namespace {

using Complex = std::complex<double>;

/// e^(−2πik/n) for k < n/2, from one quarter by recursion on halves: each angle is the
/// product of two that are known, log₂ n deep, so errors stay at some roundings.
std::vector<Complex> roots_of_unity(std::size_t n) {
  std::vector<Complex> root(std::max<std::size_t>(n / 2, 1), Complex(1.0, 0.0));
  // Cosines and sines of π/2^m by the half-angle formulas.
  double cosine = -1.0;
  double sine = 0.0;
  for (std::size_t half = n / 2; half >= 1; half /= 2) {
    // The root at index `half` of the table stands for an angle of 2π half/n.
    if (half < n / 2) {
      for (std::size_t k = half; k < root.size(); k += 2 * half)
        root[k] = root[k - half] * Complex(cosine, -sine);
    }
    const double next = std::sqrt(0.5 * (1.0 + cosine));
    sine = half == n / 2 ? 1.0 : sine / (2.0 * next);
    cosine = half == n / 2 ? 0.0 : next;
  }
  return root;
}

/// In place, decimation in time.
void transform(std::vector<Complex>& x, const std::vector<Complex>& root) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n / 2;
    for (; (j & bit) != 0; bit /= 2)
      j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t size = 2; size <= n; size *= 2) {
    const std::size_t stride = n / size;
    for (std::size_t first = 0; first < n; first += size) {
      for (std::size_t k = 0; k < size / 2; ++k) {
        const Complex odd = x[first + k + size / 2] * root[k * stride];
        x[first + k + size / 2] = x[first + k] - odd;
        x[first + k] += odd;
      }
    }
  }
}

}  // namespace

std::vector<double> autocovariance(std::span<const double> x) {
  const std::size_t n = x.size();
  if (n == 0) return {};
  std::size_t size = 2;
  while (size < 2 * n)
    size *= 2;
  double mean = 0.0;
  for (const double value : x)
    mean += value;
  mean /= static_cast<double>(n);
  const std::vector<Complex> root = roots_of_unity(size);
  std::vector<Complex> series(size);
  for (std::size_t i = 0; i < n; ++i)
    series[i] = x[i] - mean;
  transform(series, root);
  for (Complex& value : series)
    value = std::norm(value);
  transform(series, root);  // of an even, real spectrum: forwards is backwards
  std::vector<double> out(n);
  const double scale = static_cast<double>(size) * static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = series[i].real() / scale;
  return out;
}

}  // namespace merit
