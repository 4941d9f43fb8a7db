// SPDX-License-Identifier: MIT
#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "engine/model/moments_kernel.hpp"
#include "engine/random/stream.hpp"
#include "engine/resample/cases.hpp"
#include "engine/resample/group_constants.hpp"
#include "engine/resample/packs.hpp"

namespace merit {
namespace {

/// Memory of one thread.
struct RowWorkspace {
  AlignedVector<double> size, mean, within;
  std::vector<double> drawn, sum;
  std::vector<double> cross, tile;  // as in MomentsSums
};

class RowBootstrap : public Scheme {
 public:
  RowBootstrap(const GroupedStats& stats,
               std::shared_ptr<const GroupRows> rows,
               ResampleUnit unit,
               const FitResult& fit,
               const SchemeOptions& options,
               const std::vector<std::int32_t>& stratum)
      : options_(options),
        unit_(unit),
        kernel_(grouped_kernels(options.simd).fit),
        moments_(moments_kernel(options.simd)),
        arrays_(stats, fit, options.criterion),
        strata_(stats.num_groups(), stratum),
        rows_(std::move(rows)),
        q_(stats.num_fixed() + 1),
        stride_((q_ + 3) / 4 * 4) {
    // Rows from the common origin, row-major and padded, so that a drawn row is one copy.
    centred_.assign(static_cast<std::size_t>(rows_->z.rows() * stride_), 0.0);
    for (Eigen::Index a = 0; a < q_; ++a) {
      for (Eigen::Index i = 0; i < rows_->z.rows(); ++i) {
        centred_[static_cast<std::size_t>(i * stride_ + a)] =
            rows_->z(i, a) - stats.origin[a];
      }
    }
  }

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    const GroupConstants constants = arrays_.constants();
    static thread_local RowWorkspace work;
    const std::int64_t J = constants.num_groups;
    const std::int64_t pairs = q_ * (q_ + 1) / 2;
    scratch_memory(work.size, J * kPackSize);
    scratch_memory(work.mean, J * q_ * kPackSize);
    scratch_memory(work.within, pairs * kPackSize);
    make_in_packs(first,
                  count,
                  constants.p,
                  options_.keep_std_errors,
                  grouped_scratch(constants),
                  rows,
                  [&](std::int64_t pack, const ReplicateSpan& out, double* scratch) {
                    for (std::int64_t lane = 0; lane < kPackSize; ++lane) {
                      draw(pack + lane, lane, work);
                    }
                    kernel_(constants,
                            {work.size.data(), work.mean.data(), work.within.data()},
                            out,
                            scratch);
                  });
  }

  std::optional<ReplicateData> data(std::int64_t replicate) const override {
    std::vector<std::int64_t> groups;
    draw_groups(strata_, unit_, options_.seed, replicate, groups);
    Stream within(options_.seed, Purpose::row_bootstrap, replicate);
    std::vector<double> key(groups.size());
    std::iota(key.begin(), key.end(), 0.0);
    std::vector<std::int64_t> size;
    for (const std::int64_t group : groups)
      size.push_back(size_of(group));
    GroupRows drawn = lay_out_group_rows(std::move(key), size, q_);
    Eigen::Index to = 0;
    for (const std::int64_t group : groups) {
      for (std::int64_t n = size_of(group), i = 0; i < n; ++i)
        drawn.z.row(to++) = rows_->z.row(first_row(group) + within.index(n));
    }
    return replicate_data(
        std::move(drawn), arrays_.constants().has_intercept, options_.simd);
  }

 private:
  std::int64_t first_row(std::int64_t group) const {
    return rows_->first[static_cast<std::size_t>(group)];
  }
  std::int64_t size_of(std::int64_t group) const {
    return first_row(group + 1) - first_row(group);
  }

  /// Draws one replicate's rows into its lane of `work`.
  void draw(std::int64_t replicate, std::int64_t lane, RowWorkspace& work) const {
    std::vector<std::int64_t> groups;
    draw_groups(strata_, unit_, options_.seed, replicate, groups);
    Stream within(options_.seed, Purpose::row_bootstrap, replicate);
    const auto columns = static_cast<int>(q_);
    work.cross.assign(static_cast<std::size_t>(cross_size(columns)), 0.0);
    work.tile.resize(static_cast<std::size_t>(tile_size(columns)));
    for (std::size_t slot = 0; slot < groups.size(); ++slot)
      draw_slot(groups[slot], static_cast<std::int64_t>(slot), lane, within, work);
    const double* product = work.cross.data();
    double* to = work.within.data() + lane;
    for (Eigen::Index pair = 0; pair < q_ * (q_ + 1) / 2; ++pair) {
      *to = cross_total(product);
      product += kMomentsSums;
      to += kPackSize;
    }
  }

  void draw_slot(std::int64_t group,
                 std::int64_t slot,
                 std::int64_t lane,
                 Stream& stream,
                 RowWorkspace& work) const {
    const std::int64_t begin = first_row(group), n = size_of(group);
    const auto stride = static_cast<std::size_t>(stride_);
    work.drawn.resize(static_cast<std::size_t>(n) * stride);
    work.sum.assign(stride, 0.0);
    for (std::int64_t i = 0; i < n; ++i) {
      const double* from = centred_.data() + (begin + stream.index(n)) * stride_;
      double* to = work.drawn.data() + i * stride_;
      for (std::size_t a = 0; a < stride; ++a) {
        to[a] = from[a];
        work.sum[a] += from[a];
      }
    }
    for (double& sum : work.sum)
      sum /= static_cast<double>(n);
    for (std::int64_t i = 0; i < n; ++i) {
      double* row = work.drawn.data() + i * stride_;
      for (std::size_t a = 0; a < stride; ++a)
        row[a] -= work.sum[a];
    }
    moments_.add_products(
        {static_cast<int>(q_), nullptr, work.cross.data(), work.tile.data()},
        work.drawn.data(),
        static_cast<int>(stride_),
        n);
    work.size.data()[slot * kPackSize + lane] = static_cast<double>(n);
    for (Eigen::Index a = 0; a < q_; ++a) {
      work.mean.data()[(slot * q_ + a) * kPackSize + lane] =
          work.sum[static_cast<std::size_t>(a)];
    }
  }

  SchemeOptions options_;
  ResampleUnit unit_;
  decltype(GroupedKernels::fit) kernel_;
  MomentsKernel moments_;
  GroupArrays arrays_;
  Strata strata_;
  std::shared_ptr<const GroupRows> rows_;
  Eigen::Index q_, stride_;
  std::vector<double> centred_;  // n × stride
};

}  // namespace

std::unique_ptr<Scheme> row_bootstrap(const GroupedStats& stats,
                                      std::shared_ptr<const GroupRows> rows,
                                      ResampleUnit unit,
                                      const FitResult& fit,
                                      const SchemeOptions& options,
                                      const std::vector<std::int32_t>& stratum) {
  return std::make_unique<RowBootstrap>(
      stats, std::move(rows), unit, fit, options, stratum);
}

}  // namespace merit
