// SPDX-License-Identifier: MIT
#include "engine/resample/group_constants.hpp"
#include "engine/resample/packs.hpp"
#include "engine/resample/parametric.hpp"
#include "engine/resample/within_root.hpp"

namespace merit {
namespace {

class GroupedParametric : public Scheme {
 public:
  GroupedParametric(const GroupedStats& stats,
                    const FitResult& fit,
                    const SchemeOptions& options)
      : options_(options),
        kernel_(grouped_kernels(options.simd).draw_model_and_fit),
        arrays_(stats, fit, options.criterion),
        beta_(fit.beta),
        sigma_(fit.sigma) {
    const Eigen::Index p = stats.num_fixed();
    mean_sd_ = (fit.tau * fit.tau + fit.sigma * fit.sigma / stats.size.array()).sqrt();
    root_ = within_root(stats.within.topLeftCorner(p, p));
    within_df_ = stats.num_obs() - static_cast<double>(stats.num_groups() + root_.cols());
  }

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    const GroupConstants constants = arrays_.constants();
    const GroupedModel model{mean_sd_.data(),
                             static_cast<int>(root_.cols()),
                             root_.data(),
                             sigma_,
                             within_df_,
                             beta_.data()};
    make_in_packs(first,
                  count,
                  constants.p,
                  options_.keep_std_errors,
                  grouped_scratch(constants),
                  rows,
                  [&](std::int64_t pack, const ReplicateSpan& out, double* scratch) {
                    kernel_(constants, model, options_.seed, pack, out, scratch);
                  });
  }

 private:
  SchemeOptions options_;
  decltype(GroupedKernels::draw_model_and_fit) kernel_;
  GroupArrays arrays_;
  Eigen::VectorXd beta_, mean_sd_;
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> root_;
  double sigma_;
  double within_df_ = 0.0;
};

}  // namespace

std::unique_ptr<Scheme> grouped_parametric_bootstrap(const GroupedStats& stats,
                                                     const FitResult& fit,
                                                     const SchemeOptions& options) {
  return std::make_unique<GroupedParametric>(stats, fit, options);
}

}  // namespace merit
