// SPDX-License-Identifier: MIT
#include <numeric>
#include <optional>
#include <vector>

#include "engine/resample/cases.hpp"
#include "engine/resample/group_constants.hpp"
#include "engine/resample/packs.hpp"

namespace merit {

GroupedKernels grouped_kernels(SimdLevel level) {
  return at_level(level,
                  simd_v2::grouped_kernels,
                  simd_v3::grouped_kernels,
                  simd_v4::grouped_kernels)();
}

namespace {

class GroupBootstrap : public Scheme {
 public:
  GroupBootstrap(const GroupedStats& stats,
                 const FitResult& fit,
                 const SchemeOptions& options,
                 const std::vector<std::int32_t>& stratum)
      : options_(options),
        kernel_(grouped_kernels(options.simd).draw_groups_and_fit),
        arrays_(stats, fit, options.criterion),
        strata_(stats.num_groups(), stratum) {}

  void make(std::int64_t first, std::int64_t count, ReplicateRows& rows) const override {
    GroupConstants constants = arrays_.constants();
    constants.pool = strata_.pools();
    constants.member = strata_.members();
    make_in_packs(first,
                  count,
                  constants.p,
                  options_.keep_std_errors,
                  grouped_scratch(constants),
                  rows,
                  [&](std::int64_t pack, const ReplicateSpan& out, double* scratch) {
                    kernel_(constants, options_.seed, pack, out, scratch);
                  });
  }

  std::optional<ReplicateData> data(std::int64_t replicate) const override {
    std::vector<std::int64_t> groups;
    draw_groups(strata_, ResampleUnit::groups, options_.seed, replicate, groups);
    return ReplicateData{.stats = arrays_.drawn(groups)};
  }

 private:
  SchemeOptions options_;
  decltype(GroupedKernels::draw_groups_and_fit) kernel_;
  GroupArrays arrays_;
  Strata strata_;
};

}  // namespace

void draw_groups(const Strata& strata,
                 ResampleUnit unit,
                 std::uint64_t seed,
                 std::int64_t replicate,
                 std::vector<std::int64_t>& groups) {
  groups.resize(static_cast<std::size_t>(strata.num_groups()));
  std::iota(groups.begin(), groups.end(), std::int64_t{0});
  if (unit == ResampleUnit::rows) return;
  Stream stream(seed, Purpose::group_bootstrap, replicate);
  for (std::int64_t& group : groups)  // the slot, until its group is drawn
    group = strata.draw(group, stream);
}

std::unique_ptr<Scheme> group_bootstrap(const GroupedStats& stats,
                                        const FitResult& fit,
                                        const SchemeOptions& options,
                                        const std::vector<std::int32_t>& stratum) {
  return std::make_unique<GroupBootstrap>(stats, fit, options, stratum);
}

}  // namespace merit
