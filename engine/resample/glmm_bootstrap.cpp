// SPDX-License-Identifier: MIT
#include "engine/resample/glmm_bootstrap.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "engine/random/stream.hpp"
#include "engine/resample/delete_one.hpp"
#include "engine/resample/drawn_rows.hpp"
#include "engine/resample/glmm_refit.hpp"
#include "engine/resample/response_variation.hpp"
#include "engine/resample/simulate.hpp"

namespace merit {
namespace {

/// What the three have in common.
class GlmmScheme : public Scheme {
 protected:
  GlmmScheme(std::shared_ptr<const GlmmModel> model,
             const GlmmFit& fit,
             const SchemeOptions& options)
      : model_(std::move(model)), fit_(fit), options_(options) {}

  void resize(std::int64_t count, ReplicateRows& rows) const {
    const std::int64_t p = fit_.result.beta.size();
    rows.resize(count, p + 1, options_.keep_std_errors ? p + 1 : 0);
  }

  std::shared_ptr<const GlmmModel> model_;
  GlmmFit fit_;
  SchemeOptions options_;
};

class Parametric : public GlmmScheme {
 public:
  Parametric(std::shared_ptr<const GlmmModel> model,
             const GlmmFit& fit,
             const SchemeOptions& options)
      : GlmmScheme(std::move(model), fit, options),
        simulator_(*model_, fit_.psi, options.simd) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    resize(count, rows);
    pool_.with_worker(
        [&] { return std::make_unique<Worker>(*model_, fit_); },
        [&](Worker& worker) {
          for (std::int64_t r = 0; r < count; ++r) {
            const bool fits =
                simulator_.draw(options_.seed, first + r, worker.draws, worker.y);
            if (!fits ||
                !can_be_fitted(model_->family, model_->rows, worker.y.data(), nullptr)) {
              GlmmRefit::fail(ReplicateStatus::degenerate, r, rows);
              continue;
            }
            describe_outcome(
                model_->family, model_->rows, worker.y.data(), worker.refit.response);
            worker.refit.fit(nullptr, 0.0, nullptr, r, rows);
          }
        });
  }

  std::optional<ReplicateData> data(std::int64_t replicate) const override {
    ResponseSimulator::Workspace draws;
    AlignedVector<std::int32_t> y;
    if (!simulator_.draw(options_.seed, replicate, draws, y)) return std::nullopt;
    GlmmModel drawn = *model_;
    drawn.rows.y = y.data();
    std::vector<std::int64_t> groups(model_->rows.size.size());
    std::iota(groups.begin(), groups.end(), std::int64_t{0});
    return ReplicateData{.glmm = drawn_model(drawn, groups, nullptr)};  // copies y
  }

 private:
  struct Worker {
    Worker(const GlmmModel& model, const GlmmFit& fit) : refit(model, fit, nullptr) {}
    GlmmRefit refit;
    ResponseSimulator::Workspace draws;
    AlignedVector<std::int32_t> y;
  };

  ResponseSimulator simulator_;
  mutable WorkerPool<Worker> pool_;
};

/// Refits with groups that count so many times each.
class Reweighted : public GlmmScheme {
 public:
  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    resize(count, rows);
    pool_.with_worker([&] { return std::make_unique<Worker>(*model_, fit_); },
                      [&](Worker& worker) {
                        for (std::int64_t r = 0; r < count; ++r)
                          make_one(first + r, r, worker, rows);
                      });
  }

 protected:
  Reweighted(std::shared_ptr<const GlmmModel> model,
             const GlmmFit& fit,
             const SchemeOptions& options)
      : GlmmScheme(std::move(model), fit, options) {
    const PackedRows& rows = model_->rows;
    for (std::int64_t j = 0; j < rows.num_groups(); ++j)
      constant_.push_back(log_constant(model_->family, rows, rows.y, j));
  }

  std::int64_t num_groups() const { return model_->rows.num_groups(); }

 private:
  /// How often each group counts in a replicate. @param multiplicity  J
  virtual void draw(std::int64_t replicate, std::vector<double>& multiplicity) const = 0;

  struct Worker {
    Worker(const GlmmModel& model, const GlmmFit& fit) : refit(model, fit, nullptr) {}
    GlmmRefit refit;
    std::vector<double> multiplicity;
  };

  void make_one(std::int64_t replicate,
                std::int64_t at,
                Worker& worker,
                ReplicateRows& rows) const {
    worker.multiplicity.resize(static_cast<std::size_t>(num_groups()));
    draw(replicate, worker.multiplicity);
    const double* multiplicity = worker.multiplicity.data();
    if (!can_be_fitted(model_->family, model_->rows, model_->rows.y, multiplicity))
      return GlmmRefit::fail(ReplicateStatus::degenerate, at, rows);
    double constant = 0.0;
    for (std::size_t j = 0; j < constant_.size(); ++j)
      constant += multiplicity[j] * constant_[j];
    if (model_->family.family == Family::negbinomial)
      count_exceeding(model_->rows, model_->rows.y, multiplicity, worker.refit.exceed);
    worker.refit.fit(multiplicity, constant, nullptr, at, rows);
  }

  std::vector<double> constant_;  // J
  mutable WorkerPool<Worker> pool_;
};

/// Groups drawn with replacement.
class Groups : public Reweighted {
 public:
  Groups(std::shared_ptr<const GlmmModel> model,
         const GlmmFit& fit,
         const SchemeOptions& options,
         const std::vector<std::int32_t>& stratum)
      : Reweighted(std::move(model), fit, options), strata_(num_groups(), stratum) {}

  std::optional<ReplicateData> data(std::int64_t replicate) const override {
    std::vector<std::int64_t> groups;
    draw_groups(strata_, ResampleUnit::groups, options_.seed, replicate, groups);
    return ReplicateData{.glmm = drawn_model(*model_, groups, nullptr)};
  }

 private:
  void draw(std::int64_t replicate, std::vector<double>& multiplicity) const override {
    Stream stream(options_.seed, Purpose::group_bootstrap, replicate);
    std::fill(multiplicity.begin(), multiplicity.end(), 0.0);
    for (std::int64_t slot = 0; slot < num_groups(); ++slot)
      multiplicity[static_cast<std::size_t>(strata_.draw(slot, stream))] += 1.0;
  }

  Strata strata_;
};

/// All groups but the one whose number the replicate has.
class AllButOne : public Reweighted {
 public:
  AllButOne(std::shared_ptr<const GlmmModel> model,
            const GlmmFit& fit,
            const SchemeOptions& options)
      : Reweighted(std::move(model), fit, options) {}

 private:
  void draw(std::int64_t replicate, std::vector<double>& multiplicity) const override {
    std::fill(multiplicity.begin(), multiplicity.end(), 1.0);
    multiplicity[static_cast<std::size_t>(replicate)] = 0.0;
  }
};

class Rows : public GlmmScheme {
 public:
  Rows(std::shared_ptr<const GlmmModel> model,
       ResampleUnit unit,
       const GlmmFit& fit,
       const SchemeOptions& options,
       const std::vector<std::int32_t>& stratum)
      : GlmmScheme(std::move(model), fit, options),
        unit_(unit),
        strata_(model_->rows.num_groups(), stratum) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    resize(count, rows);
    pool_.with_worker([&] { return std::make_unique<Worker>(*model_, fit_); },
                      [&](Worker& worker) {
                        for (std::int64_t r = 0; r < count; ++r)
                          make_one(first + r, r, worker, rows);
                      });
  }

  std::optional<ReplicateData> data(std::int64_t replicate) const override {
    std::vector<std::int64_t> groups;
    draw_groups(strata_, unit_, options_.seed, replicate, groups);
    Stream within(options_.seed, Purpose::row_bootstrap, replicate);
    return ReplicateData{.glmm = drawn_model(*model_, groups, &within)};
  }

 private:
  struct Worker {
    Worker(const GlmmModel& model, const GlmmFit& fit)
        : drawn(model.rows), refit(model, fit, &drawn.rows()), modes(fit.start_modes) {}
    DrawnRows drawn;
    GlmmRefit refit;
    std::vector<std::int64_t> groups;
    AlignedVector<double> modes;
  };

  void make_one(std::int64_t replicate,
                std::int64_t at,
                Worker& worker,
                ReplicateRows& rows) const {
    draw_groups(strata_, unit_, options_.seed, replicate, worker.groups);
    for (std::size_t slot = 0; slot < worker.groups.size(); ++slot) {
      worker.modes.data()[slot] =
          fit_.start_modes[static_cast<std::size_t>(worker.groups[slot])];
    }
    Stream within(options_.seed, Purpose::row_bootstrap, replicate);
    worker.drawn.draw(worker.groups, &within);
    const PackedRows& drawn = worker.drawn.rows();
    if (!can_be_fitted(model_->family, drawn, drawn.y, nullptr))
      return GlmmRefit::fail(ReplicateStatus::degenerate, at, rows);
    describe_outcome(model_->family, drawn, drawn.y, worker.refit.response);
    worker.refit.fit(nullptr, 0.0, worker.modes.data(), at, rows);
  }

  ResampleUnit unit_;
  Strata strata_;
  mutable WorkerPool<Worker> pool_;
};

}  // namespace

std::unique_ptr<Scheme> glmm_parametric_bootstrap(std::shared_ptr<const GlmmModel> model,
                                                  const GlmmFit& fit,
                                                  const SchemeOptions& options) {
  return std::make_unique<Parametric>(std::move(model), fit, options);
}

std::unique_ptr<Scheme> glmm_group_bootstrap(std::shared_ptr<const GlmmModel> model,
                                             const GlmmFit& fit,
                                             const SchemeOptions& options,
                                             const std::vector<std::int32_t>& stratum) {
  return std::make_unique<Groups>(std::move(model), fit, options, stratum);
}

std::unique_ptr<Scheme> glmm_delete_one_group(std::shared_ptr<const GlmmModel> model,
                                              const GlmmFit& fit) {
  return std::make_unique<AllButOne>(
      std::move(model), fit, SchemeOptions{.keep_std_errors = false});
}

std::unique_ptr<Scheme> glmm_row_bootstrap(std::shared_ptr<const GlmmModel> model,
                                           ResampleUnit unit,
                                           const GlmmFit& fit,
                                           const SchemeOptions& options,
                                           const std::vector<std::int32_t>& stratum) {
  return std::make_unique<Rows>(std::move(model), unit, fit, options, stratum);
}

}  // namespace merit
