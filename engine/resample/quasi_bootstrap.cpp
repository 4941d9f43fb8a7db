// SPDX-License-Identifier: MIT
#include "engine/resample/quasi_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/error.hpp"
#include "engine/random/stream.hpp"
#include "engine/resample/drawn_rows.hpp"
#include "engine/resample/glmm_refit.hpp"
#include "engine/resample/response_variation.hpp"
#include "engine/resample/simulate.hpp"

namespace merit {
namespace {

/// What all have in common: data sets are drawn, and fitted from scratch.
class QuasiScheme : public Scheme {
 public:
  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    const std::int64_t p = model_->rows.num_fixed;
    const std::int64_t num_sds = options_.fit.free_scale ? 2 : 1;
    rows.resize(count, p + num_sds, options_.scheme.keep_std_errors ? p + num_sds : 0);
    pool_.with_worker([&] { return std::make_unique<Worker>(*model_); },
                      [&](Worker& worker) {
                        for (std::int64_t r = 0; r < count; ++r) {
                          if (draw(first + r, worker)) {
                            fit(worker.model, r, rows);
                          } else {
                            GlmmRefit::fail(ReplicateStatus::degenerate, r, rows);
                          }
                        }
                      });
  }

  std::optional<ReplicateData> data(std::int64_t replicate) const override {
    Worker worker(*model_);
    if (!draw(replicate, worker)) return std::nullopt;
    std::vector<std::int64_t> groups(worker.model.rows.size.size());
    std::iota(groups.begin(), groups.end(), std::int64_t{0});
    return ReplicateData{.glmm = drawn_model(worker.model, groups, nullptr)};
  }

 protected:
  QuasiScheme(std::shared_ptr<const GlmmModel> model, const QuasiSchemeOptions& options)
      : model_(std::move(model)), options_(options) {}

  struct Worker {
    explicit Worker(const GlmmModel& original) : model(original), drawn(original.rows) {}
    GlmmModel model;  ///< with the replicate's rows
    DrawnRows drawn;
    ResponseSimulator::Workspace draws;
    AlignedVector<std::int32_t> y;
    std::vector<std::int64_t> groups;
  };

  std::uint64_t seed() const { return options_.scheme.seed; }

  std::shared_ptr<const GlmmModel> model_;
  QuasiSchemeOptions options_;

 private:
  /// Puts a replicate's data into worker.model. @returns false if they cannot be drawn
  virtual bool draw(std::int64_t replicate, Worker& worker) const = 0;

  void fit(GlmmModel& model, std::int64_t at, ReplicateRows& out) const {
    if (!can_be_fitted(model.family, model.rows, model.rows.y, nullptr))
      return GlmmRefit::fail(ReplicateStatus::degenerate, at, out);
    describe_outcome(model.family, model.rows, model.rows.y, model.response);
    GlmmFit fit;
    try {
      fit = fit_quasi(model, options_.fit, options_.scheme.simd);
    } catch (const DataError&) {  // too few groups, or all of one row
      return GlmmRefit::fail(ReplicateStatus::degenerate, at, out);
    }
    const FitResult& result = fit.result;
    if (!result.converged || !result.vcov.allFinite())
      return GlmmRefit::fail(ReplicateStatus::not_converged, at, out);
    const Eigen::Index p = result.beta.size();
    double* estimate = out.estimate.data() + at * out.num_estimates;
    std::copy_n(result.beta.data(), p, estimate);
    estimate[p] = result.tau;
    if (options_.fit.free_scale) estimate[p + 1] = result.sigma;
    out.log_likelihood[static_cast<std::size_t>(at)] = result.log_likelihood;
    out.status[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(
        result.on_boundary ? ReplicateStatus::boundary : ReplicateStatus::ok);
    if (out.num_std_errors == 0) return;
    for (Eigen::Index a = 0; a < p; ++a) {
      out.std_error[static_cast<std::size_t>(at * out.num_std_errors + a)] =
          std::sqrt(result.vcov(a, a));
    }
    // No likelihood, so no information about standard deviations.
    const auto errors = out.std_error.begin() + at * out.num_std_errors;
    std::fill(errors + p, errors + out.num_std_errors, std::nan(""));
  }

  mutable WorkerPool<Worker> pool_;
};

class Parametric : public QuasiScheme {
 public:
  Parametric(std::shared_ptr<const GlmmModel> model,
             const GlmmFit& fit,
             const QuasiSchemeOptions& options)
      : QuasiScheme(std::move(model), options),
        simulator_(*model_, fit.psi, options.scheme.simd) {}

 private:
  bool draw(std::int64_t replicate, Worker& worker) const override {
    if (!simulator_.draw(seed(), replicate, worker.draws, worker.y)) return false;
    worker.model.rows.y = worker.y.data();
    return true;
  }

  ResponseSimulator simulator_;
};

class Cases : public QuasiScheme {
 public:
  Cases(std::shared_ptr<const GlmmModel> model,
        ResampleUnit unit,
        const QuasiSchemeOptions& options,
        const std::vector<std::int32_t>& stratum)
      : QuasiScheme(std::move(model), options),
        unit_(unit),
        strata_(model_->rows.num_groups(), stratum) {}

 private:
  bool draw(std::int64_t replicate, Worker& worker) const override {
    draw_groups(strata_, unit_, seed(), replicate, worker.groups);
    Stream within(seed(), Purpose::row_bootstrap, replicate);
    worker.drawn.draw(worker.groups, unit_ == ResampleUnit::groups ? nullptr : &within);
    worker.model.rows = worker.drawn.rows();
    return true;
  }

  ResampleUnit unit_;
  Strata strata_;
};

/// All groups but the one whose number the replicate has.
class AllButOne : public QuasiScheme {
 public:
  AllButOne(std::shared_ptr<const GlmmModel> model, const QuasiSchemeOptions& options)
      : QuasiScheme(std::move(model), options) {}

 private:
  bool draw(std::int64_t replicate, Worker& worker) const override {
    worker.groups.resize(static_cast<std::size_t>(model_->rows.num_groups()));
    std::iota(worker.groups.begin(), worker.groups.end(), std::int64_t{0});
    worker.groups.erase(worker.groups.begin() + replicate);
    worker.drawn.draw(worker.groups, nullptr);
    worker.model.rows = worker.drawn.rows();
    return true;
  }
};

}  // namespace

std::unique_ptr<Scheme> quasi_parametric_bootstrap(std::shared_ptr<const GlmmModel> model,
                                                   const GlmmFit& fit,
                                                   const QuasiSchemeOptions& options) {
  return std::make_unique<Parametric>(std::move(model), fit, options);
}

std::unique_ptr<Scheme> quasi_cases_bootstrap(std::shared_ptr<const GlmmModel> model,
                                              ResampleUnit unit,
                                              const QuasiSchemeOptions& options,
                                              const std::vector<std::int32_t>& stratum) {
  return std::make_unique<Cases>(std::move(model), unit, options, stratum);
}

std::unique_ptr<Scheme> quasi_delete_one_group(std::shared_ptr<const GlmmModel> model,
                                               const QuasiSchemeOptions& options) {
  QuasiSchemeOptions estimates = options;
  estimates.scheme.keep_std_errors = false;
  return std::make_unique<AllButOne>(std::move(model), estimates);
}

}  // namespace merit
