// SPDX-License-Identifier: MIT
#include "engine/resample/parametric.hpp"

#include "engine/resample/rotated_parametric.hpp"

namespace merit {

ParametricKernels parametric_kernels(SimdLevel level) {
  return at_level(level,
                  simd_v2::parametric_kernels,
                  simd_v3::parametric_kernels,
                  simd_v4::parametric_kernels)();
}

namespace {

class RotatedParametric : public Scheme {
 public:
  RotatedParametric(const GroupedStats& stats,
                    const RotatedForm& form,
                    const FitResult& fit,
                    const SchemeOptions& options)
      : options_(options),
        kernel_(parametric_kernels(options.simd).draw_and_fit),
        model_(stats, form, fit, options.criterion) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    const ParametricConstants constants = model_.constants();
    make_in_packs(first,
                  count,
                  constants.p,
                  options_.keep_std_errors,
                  parametric_scratch(constants),
                  rows,
                  [&](std::int64_t pack, const ReplicateSpan& out, double* scratch) {
                    kernel_(constants, options_.seed, pack, out, scratch);
                  });
  }

 private:
  SchemeOptions options_;
  ParametricKernel kernel_;
  RotatedModel model_;
};

}  // namespace

std::unique_ptr<Scheme> parametric_bootstrap(const GroupedStats& stats,
                                             const FitResult& fit,
                                             const SchemeOptions& options) {
  return ParametricBootstraps(stats, options).from(fit, options.seed);
}

ParametricBootstraps::ParametricBootstraps(const GroupedStats& stats,
                                           const SchemeOptions& options)
    : stats_(stats), options_(options) {
  if (stats.num_groups() <= kMostGroupsToRotate) form_ = rotate(stats);
}

std::unique_ptr<Scheme> ParametricBootstraps::from(const FitResult& fit,
                                                   std::uint64_t seed) const {
  SchemeOptions options = options_;
  options.seed = seed;
  if (!form_) return grouped_parametric_bootstrap(stats_, fit, options);
  return std::make_unique<RotatedParametric>(stats_, *form_, fit, options);
}

}  // namespace merit
