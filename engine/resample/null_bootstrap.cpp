// SPDX-License-Identifier: MIT
#include "engine/resample/null_bootstrap.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/resample/glmm_refit.hpp"
#include "engine/resample/group_constants.hpp"
#include "engine/resample/packs.hpp"
#include "engine/resample/response_variation.hpp"
#include "engine/resample/simulate.hpp"
#include "engine/resample/within_root.hpp"

namespace merit {
namespace {

/// A maximum that is lower than a nested model's by more than rounding is not the maximum.
constexpr double kBelow = -1e-4;

/// Row `at` of `rows`, from row `from` of both models' fits.
void compare(const ReplicateRows& model,
             const ReplicateRows& null,
             std::int64_t from,
             std::int64_t at,
             ReplicateRows& rows) {
  const auto source = static_cast<std::size_t>(from);
  const auto status = static_cast<ReplicateStatus>(model.status[source]);
  const auto null_status = static_cast<ReplicateStatus>(null.status[source]);
  if (failed(status)) return GlmmRefit::fail(status, at, rows);
  if (failed(null_status)) return GlmmRefit::fail(null_status, at, rows);
  const double ratio = 2.0 * (model.log_likelihood[source] - null.log_likelihood[source]);
  if (!(ratio > kBelow)) return GlmmRefit::fail(ReplicateStatus::not_converged, at, rows);
  const auto row = static_cast<std::size_t>(at);
  rows.estimate[row] = std::max(0.0, ratio);
  rows.log_likelihood[row] = model.log_likelihood[source];
  rows.status[row] = static_cast<std::uint8_t>(status);
}

class Gaussian : public Scheme {
 public:
  Gaussian(const GroupedStats& stats,
           const GroupedStats& null,
           const Nesting& nesting,
           const FitResult& null_fit,
           const SchemeOptions& options)
      : seed_(options.seed),
        kernel_(grouped_kernels(options.simd).draw_model_and_fit),
        model_(stats, null_fit),
        null_(null, null_fit),
        sigma_(null_fit.sigma) {
    const Eigen::Index p = stats.num_fixed();
    mean_sd_ =
        (null_fit.tau * null_fit.tau + sigma_ * sigma_ / stats.size.array()).sqrt();
    model_.root = within_root(stats.within.topLeftCorner(p, p));
    null_.root = nesting.A.transpose() * model_.root;
    within_df_ =
        stats.num_obs() - static_cast<double>(stats.num_groups() + model_.root.cols());
  }

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    static thread_local ReplicateRows of_model, of_null;
    fit(model_, first, count, of_model);
    fit(null_, first, count, of_null);
    rows.resize(count, 1, 0);
    for (std::int64_t r = 0; r < count; ++r)
      compare(of_model, of_null, r, r, rows);
  }

 private:
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  /// How one of the models sees what is drawn. Coefficients do not matter: the statistic is
  /// the same whatever the null model's are.
  struct Side {
    Side(const GroupedStats& stats, const FitResult& null_fit)
        : arrays(stats, null_fit, Criterion::ml),
          beta(Eigen::VectorXd::Zero(stats.num_fixed())) {}
    GroupArrays arrays;
    RowMajor root;  // columns × rank: the same directions for both
    Eigen::VectorXd beta;
  };

  void fit(const Side& side,
           std::int64_t first,
           std::int64_t count,
           ReplicateRows& rows) const {
    const GroupConstants constants = side.arrays.constants();
    const GroupedModel drawn{mean_sd_.data(),
                             static_cast<int>(side.root.cols()),
                             side.root.data(),
                             sigma_,
                             within_df_,
                             side.beta.data()};
    make_in_packs(first,
                  count,
                  constants.p,
                  false,
                  grouped_scratch(constants),
                  rows,
                  [&](std::int64_t pack, const ReplicateSpan& out, double* scratch) {
                    kernel_(constants, drawn, seed_, pack, out, scratch);
                  });
  }

  std::uint64_t seed_;
  decltype(GroupedKernels::draw_model_and_fit) kernel_;
  Side model_, null_;
  Eigen::VectorXd mean_sd_;
  double sigma_;
  double within_df_ = 0.0;
};

/// Where the model's refits start: the null model's estimates, told in the model's columns.
GlmmFit start_of_model(const GlmmModel& model,
                       const GlmmModel& null,
                       const Nesting& nesting,
                       const GlmmFit& fit,
                       const GlmmFit& null_fit) {
  GlmmFit start = fit;
  const Eigen::Index p = model.rows.num_fixed, p0 = null.rows.num_fixed;
  const Eigen::Index others = model.num_parameters() - p;  // the family's own, τ
  start.psi.tail(others) = null_fit.psi.tail(others);
  start.start_modes = null_fit.start_modes;
  if (model.has_intercept != null.has_intercept) {
    start.psi = fit.psi.array().isFinite().select(fit.psi, 0.0);
    return start;
  }
  // From the means on, intercepts (or thresholds) stay; an ordinal model has none in its X.
  const Eigen::Index intercept = model.has_intercept ? 1 : 0;
  const Eigen::Index slopes = p - intercept, null_slopes = p0 - intercept;
  start.psi.head(intercept) = null_fit.psi.head(intercept);
  start.psi.segment(intercept, slopes) =
      nesting.A.bottomRightCorner(slopes, null_slopes) *
      null_fit.psi.segment(intercept, null_slopes);
  return start;
}

class Glmm : public Scheme {
 public:
  Glmm(std::shared_ptr<const GlmmModel> model,
       std::shared_ptr<const GlmmModel> null,
       const Nesting& nesting,
       const GlmmFit& fit,
       const GlmmFit& null_fit,
       const SchemeOptions& options)
      : seed_(options.seed),
        model_(std::move(model)),
        null_(std::move(null)),
        start_(start_of_model(*model_, *null_, nesting, fit, null_fit)),
        null_fit_(null_fit),
        simulator_(*null_, null_fit.psi, options.simd) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    rows.resize(count, 1, 0);
    pool_.with_worker([&] { return std::make_unique<Worker>(*this); },
                      [&](Worker& worker) {
                        for (std::int64_t r = 0; r < count; ++r)
                          make_one(first + r, r, worker, rows);
                      });
  }

 private:
  struct Worker {
    explicit Worker(const Glmm& scheme)
        : model(*scheme.model_, scheme.start_, nullptr),
          null(*scheme.null_, scheme.null_fit_, nullptr) {
      of_model.resize(1, scheme.model_->num_parameters(), 0);
      of_null.resize(1, scheme.null_->num_parameters(), 0);
    }
    GlmmRefit model, null;
    ReplicateRows of_model, of_null;
    ResponseSimulator::Workspace draws;
    AlignedVector<std::int32_t> y;
  };

  void make_one(std::int64_t replicate,
                std::int64_t at,
                Worker& worker,
                ReplicateRows& rows) const {
    const bool fits = simulator_.draw(seed_, replicate, worker.draws, worker.y);
    const std::int32_t* y = worker.y.data();
    if (!fits || !can_be_fitted(null_->family, null_->rows, y, nullptr))
      return GlmmRefit::fail(ReplicateStatus::degenerate, at, rows);
    describe_outcome(null_->family, null_->rows, y, worker.null.response);
    worker.model.response = worker.null.response;  // rows lie alike in both
    worker.null.fit(nullptr, 0.0, nullptr, 0, worker.of_null);
    worker.model.fit(nullptr, 0.0, nullptr, 0, worker.of_model);
    compare(worker.of_model, worker.of_null, 0, at, rows);
  }

  std::uint64_t seed_;
  std::shared_ptr<const GlmmModel> model_, null_;
  GlmmFit start_, null_fit_;
  ResponseSimulator simulator_;
  mutable WorkerPool<Worker> pool_;
};

}  // namespace

std::unique_ptr<Scheme> null_bootstrap(const GroupedStats& stats,
                                       const GroupedStats& null,
                                       const Nesting& nesting,
                                       const FitResult& null_fit,
                                       const SchemeOptions& options) {
  return std::make_unique<Gaussian>(stats, null, nesting, null_fit, options);
}

std::unique_ptr<Scheme> glmm_null_bootstrap(std::shared_ptr<const GlmmModel> model,
                                            std::shared_ptr<const GlmmModel> null,
                                            const Nesting& nesting,
                                            const GlmmFit& fit,
                                            const GlmmFit& null_fit,
                                            const SchemeOptions& options) {
  return std::make_unique<Glmm>(
      std::move(model), std::move(null), nesting, fit, null_fit, options);
}

}  // namespace merit
