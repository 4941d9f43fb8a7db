// SPDX-License-Identifier: MIT
#include "engine/posterior/gaussian_sampler.hpp"

#include <algorithm>
#include <utility>

namespace merit {
namespace {

class GaussianSampler final : public Scheme {
 public:
  GaussianSampler(std::shared_ptr<const GaussianPosterior> posterior,
                  const DrawShape& shape,
                  std::uint64_t seed)
      : posterior_(std::move(posterior)), shape_(shape), seed_(seed) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    const std::int64_t p = posterior_->num_fixed();
    const std::int64_t J = shape_.with_groups ? posterior_->num_groups() : 0;
    const std::int64_t width = p + 3 + J;
    rows.resize(count, width, 0);
    GaussianDraw draw;
    for (std::int64_t i = 0; i < count; ++i) {
      posterior_->draw(seed_, shape_.stream(first + i), shape_.with_groups, draw);
      double* value = rows.estimate.data() + i * width;
      value = std::copy_n(draw.beta.data(), p, value);
      *value++ = draw.tau;
      *value++ = draw.sigma;
      *value++ = draw.log_prior;
      if (J > 0) std::copy_n(draw.u.data(), J, value);
      rows.log_likelihood[static_cast<std::size_t>(i)] = draw.log_likelihood;
      rows.status[static_cast<std::size_t>(i)] = 0;
    }
  }

 private:
  std::shared_ptr<const GaussianPosterior> posterior_;
  DrawShape shape_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Scheme> gaussian_sampler(
    std::shared_ptr<const GaussianPosterior> posterior,
    const DrawShape& shape,
    std::uint64_t seed) {
  return std::make_unique<GaussianSampler>(std::move(posterior), shape, seed);
}

}  // namespace merit
