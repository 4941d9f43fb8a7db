// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include "engine/bytes.hpp"
#include "engine/cli/model_data.hpp"
#include "engine/cli/posterior.hpp"
#include "engine/cli/progress_display.hpp"
#include "engine/cli/results.hpp"
#include "engine/cli/sample_options.hpp"
#include "engine/posterior/pointwise_likelihood.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/stop_signals.hpp"
#include "engine/run/task_runner.hpp"

namespace merit {

/// Columns of a job's draws, one after the other, on all ranks. *Collective*
std::vector<double> read_columns(const Communicator& comm,
                                 const std::string& path,
                                 std::size_t first,
                                 std::size_t count);

/// The parameters' draws in the job's file, on all ranks: S × (p + 2): β, τ, σ of a Gaussian model,
/// else S × P: the estimates, τ. *Collective*
Eigen::MatrixXd parameter_draws(const Communicator& comm,
                                const SampleCommand& command,
                                const ModelData& data,
                                const Posterior& posterior);

/// How many groups' intercepts a rank holds at a time.
std::int64_t groups_at_once(const Posterior& posterior);

/// Draws of some groups' intercepts in the job's file, on all ranks, S of each; empty if they are
/// not stored. *Collective*
std::vector<double> stored_intercepts(const Communicator& comm,
                                      const SampleCommand& command,
                                      const ModelData& data,
                                      const Posterior& posterior,
                                      BlockRange groups);

/// The likelihood of each group and row under the draws that are in the job's file. *Collective*
std::unique_ptr<const PointwiseLikelihood> pointwise_likelihood(
    const Communicator& comm,
    const SampleCommand& command,
    const ModelData& data,
    const FittedModel& fit,
    const Posterior& posterior);

/// The streams of the draws, in their order.
std::vector<std::int64_t> streams_of(const DrawShape& shape);

/// Tasks on all ranks and threads, some at a time, with one display of how far they are.
class ShownTasks {
 public:
  /// @param total  tasks of all times
  ShownTasks(const Communicator& comm,
             const SampleCommand& command,
             std::int64_t total,
             const std::string& what);

  /// Some tasks, from number 0 on; false if the job was stopped. *Collective*
  bool run(std::int64_t count, const Work& work, const Sink& sink);
  void close() { display_.close(); }

 private:
  const Communicator& comm_;
  ProgressDisplay display_;
  RunOptions options_;
  std::int64_t done_ = 0;
  double seconds_ = 0.0;
};

/// Items as columns of a table, a row each.
template <class Item>
void append_columns(const std::vector<Item>& items,
                    std::span<const std::pair<const char*, double Item::*>> columns,
                    StoredTable& table) {
  for (const auto& [label, member] : columns) {
    std::vector<double> values;
    values.reserve(items.size());
    for (const Item& one : items)
      values.push_back(one.*member);
    table.columns.emplace_back(label, std::move(values));
  }
}

/// Items of every group, made on all ranks and threads, a group a task, and gathered on rank 0.
template <class Item>
class GroupTasks {
 public:
  GroupTasks(const Communicator& comm,
             const SampleCommand& command,
             std::int64_t num_groups,
             const std::string& what)
      : of_group_(static_cast<std::size_t>(num_groups)),
        tasks_(comm, command, num_groups, what) {}

  /// Those of some groups; false if the job was stopped. *Collective*
  /// @param items  of a group
  template <class OfGroup>
  bool make(std::int64_t first, std::int64_t count, const OfGroup& items) {
    const Work work = [&](int, std::int64_t task, std::int64_t) {
      ByteWriter writer;
      writer.put_all(std::span<const Item>(items(first + task)));
      return writer.take();
    };
    const Sink sink =
        [&](std::int64_t task, std::int64_t, std::span<const std::byte> bytes) {
          of_group_[static_cast<std::size_t>(first + task)] =
              ByteReader(bytes).take_vector<Item>();
          return std::int64_t{0};
        };
    return tasks_.run(count, work, sink);
  }

  /// On rank 0: group after group, as a table with the index of each item's group.
  StoredTable table(const std::string& name,
                    std::span<const std::pair<const char*, double Item::*>> columns) {
    tasks_.close();
    std::vector<std::int64_t> group;
    std::vector<Item> all;
    for (std::size_t j = 0; j < of_group_.size(); ++j) {
      group.insert(group.end(), of_group_[j].size(), static_cast<std::int64_t>(j));
      all.insert(all.end(), of_group_[j].begin(), of_group_[j].end());
    }
    StoredTable out{.name = name, .columns = {{"group", std::move(group)}}};
    append_columns(all, columns, out);
    return out;
  }

 private:
  std::vector<std::vector<Item>> of_group_;
  ShownTasks tasks_;
};

/// The items of such a table.
template <class Item>
std::vector<Item> items_of(
    const StoredTable& table,
    std::span<const std::pair<const char*, double Item::*>> columns) {
  std::vector<Item> items(table.num_rows());
  for (const auto& [label, member] : columns) {
    const std::vector<double>& values = table.column<double>(label);
    for (std::size_t i = 0; i < items.size(); ++i)
      items[i].*member = values[i];
  }
  return items;
}

}  // namespace merit
