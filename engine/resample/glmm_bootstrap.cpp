// SPDX-License-Identifier: MIT
#include "engine/resample/glmm_bootstrap.hpp"

#include <algorithm>

#include "engine/random/stream.hpp"
#include "engine/resample/delete_one.hpp"
#include "engine/resample/glmm_refit.hpp"
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
    rows.resize(count, p + 1, options_.keep_std_errors ? p : 0);
  }

  std::shared_ptr<const GlmmModel> model_;
  GlmmFit fit_;
  SchemeOptions options_;
};

/// Whether the drawn response can be fitted at all: it varies, and no category is missing.
bool varies(const GlmmModel& model,
            const PackedRows& rows,
            const std::int32_t* y,
            const double* multiplicity) {
  double events = 0.0, trials = 0.0;
  std::uint64_t seen = 0;  // categories, of which there are at most 63
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    if (multiplicity != nullptr && multiplicity[j] == 0.0) continue;
    const std::int64_t first = rows.first_row(j);
    const std::int64_t end = first + rows.size[static_cast<std::size_t>(j)];
    for (std::int64_t i = first; i < end; ++i) {
      events += y[i];
      trials += rows.trials_of(i);
      if (model.family.has_thresholds())
        seen |= std::uint64_t{1} << static_cast<unsigned>(y[i]);
    }
  }
  if (model.family.has_thresholds())
    return seen ==
           (std::uint64_t{1} << static_cast<unsigned>(model.family.num_categories)) - 1;
  return events > 0.0 && (model.family.family != Family::binomial || events < trials);
}

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
            if (!fits || !varies(*model_, model_->rows, worker.y.data(), nullptr)) {
              GlmmRefit::fail(ReplicateStatus::degenerate, r, rows);
              continue;
            }
            describe_outcome(
                model_->family, model_->rows, worker.y.data(), worker.refit.response);
            worker.refit.fit(nullptr, 0.0, nullptr, r, rows);
          }
        });
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
    if (!varies(*model_, model_->rows, model_->rows.y, multiplicity))
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
         const SchemeOptions& options)
      : Reweighted(std::move(model), fit, options) {}

 private:
  void draw(std::int64_t replicate, std::vector<double>& multiplicity) const override {
    Stream stream(options_.seed, Purpose::group_bootstrap, replicate);
    std::fill(multiplicity.begin(), multiplicity.end(), 0.0);
    for (std::int64_t slot = 0; slot < num_groups(); ++slot)
      multiplicity[static_cast<std::size_t>(stream.index(num_groups()))] += 1.0;
  }
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
       const SchemeOptions& options)
      : GlmmScheme(std::move(model), fit, options), unit_(unit) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    resize(count, rows);
    pool_.with_worker([&] { return std::make_unique<Worker>(*model_, fit_); },
                      [&](Worker& worker) {
                        for (std::int64_t r = 0; r < count; ++r)
                          make_one(first + r, r, worker, rows);
                      });
  }

 private:
  struct Worker {
    Worker(const GlmmModel& model, const GlmmFit& fit)
        : drawn(model.rows), refit(model, fit, &drawn), modes(fit.start_modes) {}
    PackedRows drawn;
    std::int64_t bytes = 0;  // that drawn.memory has
    GlmmRefit refit;
    AlignedVector<double> modes;
  };

  void make_one(std::int64_t replicate,
                std::int64_t at,
                Worker& worker,
                ReplicateRows& rows) const {
    const PackedRows& all = model_->rows;
    const std::int64_t J = all.num_groups();
    Stream groups(options_.seed, Purpose::group_bootstrap, replicate);
    std::vector<std::int64_t> group(static_cast<std::size_t>(J)), size;
    for (std::int64_t slot = 0; slot < J; ++slot) {
      const std::int64_t drawn = unit_ == ResampleUnit::both ? groups.index(J) : slot;
      group[static_cast<std::size_t>(slot)] = drawn;
      size.push_back(all.size[static_cast<std::size_t>(drawn)]);
      worker.modes[static_cast<std::size_t>(slot)] =
          fit_.start_modes[static_cast<std::size_t>(drawn)];
    }
    const PackedRowsWriter writer = lay_out(std::move(size), worker);
    Stream within(options_.seed, Purpose::row_bootstrap, replicate);
    for (std::int64_t slot = 0; slot < J; ++slot) {
      const std::int64_t from = group[static_cast<std::size_t>(slot)];
      const std::int64_t n = all.size[static_cast<std::size_t>(from)];
      for (std::int64_t i = 0; i < n; ++i) {
        writer.copy(
            all, all.first_row(from) + within.index(n), worker.drawn.first_row(slot) + i);
      }
      writer.pad(slot);
    }
    const PackedRows& drawn = worker.drawn;
    if (!varies(*model_, drawn, drawn.y, nullptr))
      return GlmmRefit::fail(ReplicateStatus::degenerate, at, rows);
    describe_outcome(model_->family, drawn, drawn.y, worker.refit.response);
    worker.refit.fit(nullptr, 0.0, worker.modes.data(), at, rows);
  }

  /// Room for groups of these sizes, in memory that is used again.
  PackedRowsWriter lay_out(std::vector<std::int64_t> size, Worker& worker) const {
    const PackedRows& all = model_->rows;
    std::shared_ptr<void> memory =
        worker.bytes > 0 ? std::move(worker.drawn.memory) : nullptr;
    worker.drawn = lay_out_rows(all.key, std::move(size), all.origin);
    const PackedColumns columns{.offset = all.offset != nullptr,
                                .trials = all.trials != nullptr};
    const std::int64_t needed = packed_bytes(worker.drawn, columns);
    if (needed > worker.bytes) {
      memory = allocate_rows(needed);
      worker.bytes = needed;
    }
    return PackedRowsWriter(worker.drawn, columns, std::move(memory));
  }

  ResampleUnit unit_;
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
                                             const SchemeOptions& options) {
  return std::make_unique<Groups>(std::move(model), fit, options);
}

std::unique_ptr<Scheme> glmm_delete_one_group(std::shared_ptr<const GlmmModel> model,
                                              const GlmmFit& fit) {
  return std::make_unique<AllButOne>(
      std::move(model), fit, SchemeOptions{.keep_std_errors = false});
}

std::unique_ptr<Scheme> glmm_row_bootstrap(std::shared_ptr<const GlmmModel> model,
                                           ResampleUnit unit,
                                           const GlmmFit& fit,
                                           const SchemeOptions& options) {
  return std::make_unique<Rows>(std::move(model), unit, fit, options);
}

}  // namespace merit
