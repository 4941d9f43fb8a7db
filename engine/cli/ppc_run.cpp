// SPDX-License-Identifier: MIT
#include "engine/cli/ppc_run.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "engine/cli/group_tasks.hpp"
#include "engine/posterior/replicated_responses.hpp"

namespace merit {
namespace {

constexpr std::pair<const char*, double PredictiveCheck::*> kColumns[] = {
    {"observed", &PredictiveCheck::observed},
    {"mean", &PredictiveCheck::mean},
    {"sd", &PredictiveCheck::sd},
    {"p_value", &PredictiveCheck::p_value},
    {"p_equal", &PredictiveCheck::p_equal}};

std::int64_t rows_of_group(const ModelData& data, std::int64_t group) {
  const auto j = static_cast<std::size_t>(group);
  if (data.glmm != nullptr) return data.glmm->rows.size[j];
  return data.rows->first[j + 1] - data.rows->first[j];
}

/// Runs of groups that are work for some hundredths of a second, and more than it takes to
/// bring their sums to rank 0: a function of the job alone.
std::vector<BlockRange> blocks_of(const ModelData& data,
                                  const Posterior& posterior,
                                  BlockRange groups) {
  constexpr std::int64_t kResponses = 2'000'000;
  const std::int64_t most = kResponses / posterior.shape.num_draws();
  std::vector<BlockRange> blocks;
  std::int64_t rows = 0;
  for (std::int64_t group = groups.first; group < groups.end(); ++group) {
    const std::int64_t own = rows_of_group(data, group);
    if (blocks.empty() || rows + own > most) {
      blocks.push_back({group, 0});
      rows = 0;
    }
    ++blocks.back().count;
    rows += own;
  }
  return blocks;
}

/// Sums of tasks, added up in the order of the tasks though they come in any.
class SumsInOrder {
 public:
  void take(std::int64_t task, std::vector<ResponseSums> sums) {
    waiting_.emplace(task, std::move(sums));
    for (auto it = waiting_.find(next_); it != waiting_.end();
         it = waiting_.find(++next_)) {
      total_.resize(it->second.size());
      for (std::size_t s = 0; s < total_.size(); ++s)
        total_[s] = merged(total_[s], it->second[s]);
      waiting_.erase(it);
    }
  }
  const std::vector<ResponseSums>& total() const { return total_; }

 private:
  std::map<std::int64_t, std::vector<ResponseSums>> waiting_;
  std::vector<ResponseSums> total_;
  std::int64_t next_ = 0;
};

/// Checks of some groups, and the sums of their responses: of each draw, then of those observed.
struct GroupsChecked {
  std::vector<PredictiveCheck> means;
  std::vector<ResponseSums> sums;
};

/// The model's draws, ready to replicate responses.
class Replicates {
 public:
  Replicates(const Communicator& comm,
             const SampleCommand& command,
             const ModelData& data,
             const FittedModel& fit,
             const Posterior& posterior)
      : seed_(command.run.seed), stream_(streams_of(posterior.shape)) {
    const Eigen::MatrixXd draws = parameter_draws(comm, command, data, posterior);
    const SimdLevel simd = command.run.simd_level();
    responses_ = data.glmm == nullptr ? gaussian_replicated(data.rows, draws, simd)
                                      : glmm_replicated(data.glmm, draws, simd);
    if (command.prior_only) {
      const auto tau = draws.col(draws.cols() - (data.glmm == nullptr ? 2 : 1));
      tau_.assign(tau.begin(), tau.end());
    } else if (!posterior.shape.with_groups) {
      likelihood_ = pointwise_likelihood(comm, command, data, fit, posterior);
    }
    double sum = 0.0, count = 0.0;
    for (std::int64_t j = 0; j < std::ssize(data.group_level); ++j) {
      for (const double y : responses_->observed(j)) {
        sum += y;
        count += 1.0;
      }
    }
    // Whole, so that sums of counts are exact, and equal ones equal.
    centre_ = data.glmm == nullptr ? sum / count : std::round(sum / count);
  }

  double centre() const { return centre_; }

  /// @param stored  the intercept's draws; empty: not stored
  void check(std::int64_t group,
             std::span<const double> stored,
             GroupsChecked& out) const {
    std::vector<double> drawn;
    if (stored.empty()) {
      drawn = likelihood_ == nullptr ? new_intercepts(group, seed_, stream_, tau_)
                                     : likelihood_->intercepts(group, seed_, stream_);
      stored = drawn;
    }
    const auto mean_of = [&](const ResponseSums& sums) {
      return value_of(CheckedStatistic::mean, sums, centre_);
    };
    std::vector<double> means(stream_.size());
    const auto add = [&](std::size_t column, std::span<const double> y) {
      const ResponseSums own = sums_of_group(y, centre_);
      out.sums[column] = merged(out.sums[column], own);
      return mean_of(own);
    };
    responses_->of_group(
        group, seed_, stream_, stored, [&](std::size_t draw, std::span<const double> y) {
          means[draw] = add(draw, y);
        });
    const double observed = add(stream_.size(), responses_->observed(group));
    out.means.push_back(predictive_check(observed, means));
  }

  std::size_t num_draws() const { return stream_.size(); }

 private:
  std::uint64_t seed_;
  std::vector<std::int64_t> stream_;
  std::unique_ptr<const ReplicatedResponses> responses_;
  std::unique_ptr<const PointwiseLikelihood> likelihood_;
  std::vector<double> tau_;
  double centre_ = 0.0;
};

/// @param sums  of each draw, then of the observed responses
std::vector<StoredTable> tables_of(const ModelData& data,
                                   const std::vector<ResponseSums>& sums,
                                   const std::vector<PredictiveCheck>& means,
                                   double centre) {
  const std::vector<CheckedStatistic> statistics =
      data.glmm == nullptr
          ? checked_statistics(Family::gaussian, false)
          : checked_statistics(data.glmm->family.family, data.glmm->family.bernoulli);
  StoredTable draws{.name = "draws"};
  std::vector<std::string> names;
  std::vector<PredictiveCheck> checks;
  for (const CheckedStatistic statistic : statistics) {
    std::vector<double> values;
    for (const ResponseSums& of : sums)
      values.push_back(value_of(statistic, of, centre));
    const double observed = values.back();
    values.pop_back();
    names.emplace_back(name(statistic));
    checks.push_back(predictive_check(observed, values));
    draws.columns.emplace_back(names.back(), std::move(values));
  }
  StoredTable overall{.name = "statistics", .columns = {{"statistic", names}}};
  append_columns<PredictiveCheck>(checks, kColumns, overall);
  std::vector<std::int64_t> group;
  for (std::int64_t j = 0; j < std::ssize(means); ++j)
    group.push_back(j);
  StoredTable groups{.name = "groups", .columns = {{"group", std::move(group)}}};
  append_columns<PredictiveCheck>(means, kColumns, groups);
  return {overall, groups, draws};
}

}  // namespace

std::optional<std::vector<StoredTable>> make_ppc(const Communicator& comm,
                                                 const SampleCommand& command,
                                                 const ModelData& data,
                                                 const FittedModel& fit,
                                                 const Posterior& posterior) {
  const Replicates replicates(comm, command, data, fit, posterior);
  const std::int64_t J = std::ssize(data.group_level);
  const std::int64_t at_once =
      posterior.shape.with_groups ? groups_at_once(posterior) : J;
  const auto S = static_cast<std::size_t>(posterior.shape.num_draws());
  struct Part {
    BlockRange groups;
    std::vector<BlockRange> blocks;
  };
  std::vector<Part> parts;
  std::int64_t num_blocks = 0;
  for (std::int64_t first = 0; first < J; first += at_once) {
    const BlockRange groups{first, std::min(at_once, J - first)};
    parts.push_back({groups, blocks_of(data, posterior, groups)});
    num_blocks += std::ssize(parts.back().blocks);
  }
  ShownTasks tasks(comm, command, num_blocks, "parts of the responses replicated");
  std::vector<PredictiveCheck> means(static_cast<std::size_t>(J));
  SumsInOrder sums;
  std::int64_t blocks_before = 0;
  for (const Part& part : parts) {
    const std::vector<BlockRange>& blocks = part.blocks;
    const std::vector<double> stored =
        stored_intercepts(comm, command, data, posterior, part.groups);
    const Work work = [&](int, std::int64_t task, std::int64_t) {
      GroupsChecked out{.means = {}, .sums = std::vector<ResponseSums>(S + 1)};
      const BlockRange& block = blocks[static_cast<std::size_t>(task)];
      for (std::int64_t group = block.first; group < block.end(); ++group) {
        const auto from = static_cast<std::size_t>(group - part.groups.first) * S;
        const auto intercepts = stored.empty()
                                    ? std::span<const double>()
                                    : std::span<const double>(stored).subspan(from, S);
        replicates.check(group, intercepts, out);
      }
      ByteWriter writer;
      writer.put_all(std::span<const PredictiveCheck>(out.means));
      writer.put_all(std::span<const ResponseSums>(out.sums));
      return writer.take();
    };
    const Sink sink =
        [&](std::int64_t task, std::int64_t, std::span<const std::byte> bytes) {
          ByteReader reader(bytes);
          const auto own = reader.take_vector<PredictiveCheck>();
          const BlockRange& block = blocks[static_cast<std::size_t>(task)];
          std::copy(own.begin(), own.end(), means.begin() + block.first);
          sums.take(blocks_before + task, reader.take_vector<ResponseSums>());
          return std::int64_t{0};
        };
    if (!tasks.run(std::ssize(blocks), work, sink)) return std::nullopt;
    blocks_before += std::ssize(blocks);
  }
  tasks.close();
  if (!comm.is_root()) return std::vector<StoredTable>();
  return tables_of(data, sums.total(), means, replicates.centre());
}

PredictiveChecks ppc_of(const StoredPosterior& posterior, const StoredFit& fit) {
  const auto named = [&](const StoredTable& table, const auto& label) {
    std::vector<PredictiveChecks::Named> out;
    const auto checks = items_of<PredictiveCheck>(table, kColumns);
    for (std::size_t i = 0; i < checks.size(); ++i)
      out.emplace_back(label(i), checks[i]);
    return out;
  };
  const StoredTable& overall = find_table(posterior.ppc, "statistics");
  const auto& names = overall.column<std::string>("statistic");
  return {.statistics = named(overall, [&](std::size_t i) { return names[i]; }),
          .group_means = named(find_table(posterior.ppc, "groups"),
                               [&](std::size_t i) { return fit.group_level.at(i); })};
}

}  // namespace merit
