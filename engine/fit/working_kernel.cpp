// SPDX-License-Identifier: MIT
#include "engine/fit/working_kernel.hpp"

#include "engine/simd/lanes_normal.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

struct Mean {
  Lanes value, slope;
};

struct Logit {
  MERIT_INLINE static Mean of(Lanes eta) {
    const Lanes e = exp(eta), sum = broadcast(1.0) + e;
    return {e / sum, e / (sum * sum)};
  }
};
struct Probit {
  MERIT_INLINE static Mean of(Lanes eta) {
    return {normal_cdf(eta), normal_density(eta)};
  }
};
struct Cloglog {
  MERIT_INLINE static Mean of(Lanes eta) {
    const Lanes rate = exp(eta), none = exp(-rate);
    return {broadcast(1.0) - none, rate * none};
  }
};
struct Log {
  MERIT_INLINE static Mean of(Lanes eta) {
    const Lanes mean = exp(eta);
    return {mean, mean};
  }
};

template <class Link>
void means(const double* eta, std::int64_t packs, double* mean, double* slope) {
  for (std::int64_t i = 0; i < packs * kLanes; i += kLanes) {
    const Mean at = Link::of(load(eta + i));
    store(mean + i, at.value);
    store(slope + i, at.slope);
  }
}

}  // namespace

WorkingKernels working_kernels() {
  return {means<Logit>, means<Probit>, means<Cloglog>, means<Log>};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
