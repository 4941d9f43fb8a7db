// SPDX-License-Identifier: MIT
#include "engine/resample/glmm_bootstrap.hpp"

#include <algorithm>

#include "engine/random/stream.hpp"
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
            std::span<const double> y,
            const double* multiplicity) {
  double events = 0.0, trials = 0.0;
  std::uint64_t seen = 0;  // categories, of which there are at most 63
  for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
    const auto group = static_cast<std::size_t>(j);
    if (multiplicity != nullptr && multiplicity[j] == 0.0) continue;
    const auto first = static_cast<std::size_t>(rows.first_pack[group] * kPackRows);
    for (std::size_t i = first; i < first + static_cast<std::size_t>(rows.size[group]);
         ++i) {
      events += y[i];
      trials += rows.trials[i];
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
            simulator_.draw(options_.seed, first + r, worker.draws, worker.y);
            if (!varies(*model_, model_->rows, worker.y, nullptr)) {
              GlmmRefit::fail(ReplicateStatus::degenerate, r, rows);
              continue;
            }
            encode_response(
                model_->family, worker.y, model_->rows.trials, worker.refit.response);
            worker.refit.fit(nullptr, 0.0, nullptr, r, rows);
          }
        });
  }

 private:
  struct Worker {
    Worker(const GlmmModel& model, const GlmmFit& fit) : refit(model, fit, nullptr) {}
    GlmmRefit refit;
    ResponseSimulator::Workspace draws;
    AlignedVector<double> y;
  };

  ResponseSimulator simulator_;
  mutable WorkerPool<Worker> pool_;
};

class Groups : public GlmmScheme {
 public:
  Groups(std::shared_ptr<const GlmmModel> model,
         const GlmmFit& fit,
         const SchemeOptions& options)
      : GlmmScheme(std::move(model), fit, options) {
    const PackedRows& rows = model_->rows;
    for (std::int64_t j = 0; j < rows.num_groups(); ++j) {
      const auto group = static_cast<std::size_t>(j);
      const auto begin = static_cast<std::size_t>(rows.first_pack[group] * kPackRows);
      const auto size =
          static_cast<std::size_t>(rows.first_pack[group + 1] * kPackRows) - begin;
      constant_.push_back(log_constant(model_->family,
                                       std::span(rows.y).subspan(begin, size),
                                       std::span(rows.trials).subspan(begin, size)));
    }
  }

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
    Worker(const GlmmModel& model, const GlmmFit& fit) : refit(model, fit, nullptr) {}
    GlmmRefit refit;
    std::vector<double> multiplicity;
  };

  void make_one(std::int64_t replicate,
                std::int64_t at,
                Worker& worker,
                ReplicateRows& rows) const {
    const std::int64_t J = model_->rows.num_groups();
    Stream stream(options_.seed, Purpose::group_bootstrap, replicate);
    worker.multiplicity.assign(static_cast<std::size_t>(J), 0.0);
    for (std::int64_t slot = 0; slot < J; ++slot)
      worker.multiplicity[static_cast<std::size_t>(stream.index(J))] += 1.0;
    const double* multiplicity = worker.multiplicity.data();
    if (!varies(*model_, model_->rows, model_->rows.y, multiplicity))
      return GlmmRefit::fail(ReplicateStatus::degenerate, at, rows);
    double constant = 0.0;
    for (std::size_t j = 0; j < constant_.size(); ++j)
      constant += multiplicity[j] * constant_[j];
    if (model_->family.family == Family::negbinomial)
      count_exceeding(multiplicity, worker.refit.exceed);
    worker.refit.fit(multiplicity, constant, nullptr, at, rows);
  }

  void count_exceeding(const double* multiplicity, std::vector<double>& exceed) const {
    const PackedRows& rows = model_->rows;
    exceed.assign(1, 0.0);
    for (std::size_t j = 0; j < rows.size.size(); ++j) {
      const auto begin = static_cast<std::size_t>(rows.first_pack[j] * kPackRows);
      const auto size = static_cast<std::size_t>(rows.size[j]);
      if (multiplicity[j] > 0.0) {
        add_exceeding(std::span(model_->rows.y).subspan(begin, size),
                      std::span(model_->rows.trials).subspan(begin, size),
                      multiplicity[j],
                      exceed);
      }
    }
  }

  std::vector<double> constant_;  // J
  mutable WorkerPool<Worker> pool_;
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
    GlmmRefit refit;
    AlignedVector<double> modes;
  };

  void make_one(std::int64_t replicate,
                std::int64_t at,
                Worker& worker,
                ReplicateRows& rows) const {
    const PackedRows& all = model_->rows;
    PackedRows& drawn = worker.drawn;
    const std::int64_t J = all.num_groups();
    Stream groups(options_.seed, Purpose::group_bootstrap, replicate);
    Stream within(options_.seed, Purpose::row_bootstrap, replicate);
    std::int64_t pack = 0;
    for (std::int64_t slot = 0; slot < J; ++slot) {
      const std::int64_t group = unit_ == ResampleUnit::both ? groups.index(J) : slot;
      const auto from = static_cast<std::size_t>(group),
                 to = static_cast<std::size_t>(slot);
      drawn.first_pack[to] = pack;
      drawn.size[to] = all.size[from];
      worker.modes[to] = fit_.start_modes[from];
      pack += (all.size[from] + kPackRows - 1) / kPackRows;
    }
    drawn.first_pack[static_cast<std::size_t>(J)] = pack;
    clear(pack, drawn);
    Stream again(options_.seed, Purpose::group_bootstrap, replicate);
    for (std::int64_t slot = 0; slot < J; ++slot) {
      const std::int64_t group = unit_ == ResampleUnit::both ? again.index(J) : slot;
      copy_rows(group, slot, within, drawn);
    }
    if (!varies(*model_, drawn, drawn.y, nullptr))
      return GlmmRefit::fail(ReplicateStatus::degenerate, at, rows);
    encode_response(model_->family, drawn.y, drawn.trials, worker.refit.response);
    worker.refit.fit(nullptr, 0.0, worker.modes.data(), at, rows);
  }

  static void clear(std::int64_t packs, PackedRows& rows) {
    const auto padded = static_cast<std::size_t>(packs * kPackRows);
    rows.x.assign(padded * static_cast<std::size_t>(rows.num_fixed), 0.0);
    rows.offset.assign(padded, kPadOffset);
    rows.y.assign(padded, 0.0);
    rows.trials.assign(padded, 0.0);
  }

  void copy_rows(std::int64_t group,
                 std::int64_t slot,
                 Stream& stream,
                 PackedRows& drawn) const {
    const PackedRows& all = model_->rows;
    const std::int64_t n = all.size[static_cast<std::size_t>(group)];
    const std::int64_t p = all.num_fixed;
    const std::int64_t source = all.first_pack[static_cast<std::size_t>(group)];
    const std::int64_t target = drawn.first_pack[static_cast<std::size_t>(slot)];
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t k = stream.index(n);
      const auto from = static_cast<std::size_t>(source * kPackRows + k);
      const auto to = static_cast<std::size_t>(target * kPackRows + i);
      drawn.offset[to] = all.offset[from];
      drawn.y[to] = all.y[from];
      drawn.trials[to] = all.trials[from];
      const double* x =
          all.x.data() + (source + k / kPackRows) * p * kPackRows + k % kPackRows;
      double* out =
          drawn.x.data() + (target + i / kPackRows) * p * kPackRows + i % kPackRows;
      for (std::int64_t a = 0; a < p; ++a)
        out[a * kPackRows] = x[a * kPackRows];
    }
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

std::unique_ptr<Scheme> glmm_row_bootstrap(std::shared_ptr<const GlmmModel> model,
                                           ResampleUnit unit,
                                           const GlmmFit& fit,
                                           const SchemeOptions& options) {
  return std::make_unique<Rows>(std::move(model), unit, fit, options);
}

}  // namespace merit
