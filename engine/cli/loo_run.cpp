// SPDX-License-Identifier: MIT
#include "engine/cli/loo_run.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include <Eigen/Dense>

#include "engine/cli/progress_display.hpp"
#include "engine/posterior/pointwise_likelihood.hpp"
#include "engine/run/agree.hpp"
#include "engine/run/stop_signals.hpp"
#include "engine/run/task_runner.hpp"

namespace merit {
namespace {

/// Draws of group intercepts that a rank holds at a time.
constexpr std::int64_t kInterceptBytes = std::int64_t{128} << 20;

/// What is stored of a unit, by name.
constexpr std::pair<const char*, double LeftOut::*> kColumns[] = {
    {"elpd_loo", &LeftOut::elpd_loo},
    {"p_loo", &LeftOut::p_loo},
    {"mcse_elpd_loo", &LeftOut::mcse_elpd_loo},
    {"pareto_k", &LeftOut::pareto_k},
    {"elpd_waic", &LeftOut::elpd_waic},
    {"p_waic", &LeftOut::p_waic}};

/// Columns of the draws, one after the other, on all ranks. *Collective*
std::vector<double> read_columns(const Communicator& comm,
                                 const std::string& path,
                                 const std::vector<std::size_t>& columns) {
  Bytes bytes;
  root_or_none(comm, [&] {
    std::vector<double> values;
    for (const std::vector<double>& column : open_result(path).estimate_columns(columns))
      values.insert(values.end(), column.begin(), column.end());
    ByteWriter writer;
    writer.put_all(std::span<const double>(values));
    bytes = writer.take();
  });
  comm.broadcast(bytes);
  return ByteReader(bytes).take_vector<double>();
}

std::vector<std::size_t> numbers(std::size_t first, std::size_t count) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), first);
  return out;
}

std::unique_ptr<const PointwiseLikelihood> pointwise(const Communicator& comm,
                                                     const SampleCommand& command,
                                                     const ModelData& data,
                                                     const FittedModel& fit,
                                                     const Posterior& posterior) {
  // Behind the terms stand τ and, of a Gaussian model, σ.
  const std::size_t parameters = data.terms.size() + (data.glmm == nullptr ? 2 : 1);
  const std::vector<double> draws =
      read_columns(comm, command.run.output, numbers(0, parameters));
  const Eigen::Map<const Eigen::MatrixXd> matrix(
      draws.data(), posterior.shape.num_draws(), static_cast<Eigen::Index>(parameters));
  if (data.glmm == nullptr) return gaussian_pointwise(data.rows, matrix);
  return quadrature_pointwise(
      data.glmm, matrix, fit.glmm->start_modes, command.model.num_nodes());
}

/// The units of every group, made on all ranks and gathered on rank 0.
class Units {
 public:
  Units(const Communicator& comm, const SampleCommand& command, std::int64_t num_groups)
      : comm_(comm),
        num_groups_(num_groups),
        of_group_(static_cast<std::size_t>(num_groups)),
        display_(comm.is_root() ? command.run.progress : ProgressMode::none,
                 "groups left out") {
    options_.threads = command.run.num_threads();
    options_.stop_requested = [] { return StopSignals::stop_requested(); };
    options_.progress = [this](const Progress& progress) {
      Progress all = progress;
      all.done += done_;
      all.total = num_groups_;
      all.seconds += seconds_;
      display_.show(all);
    };
  }

  /// Those of some groups; false if the job was stopped. *Collective*
  /// @param units  of a group
  template <class OfGroup>
  bool make(std::int64_t first, std::int64_t count, const OfGroup& units) {
    const Work work = [&](int, std::int64_t task, std::int64_t) {
      ByteWriter writer;
      writer.put_all(std::span<const LeftOut>(units(first + task)));
      return writer.take();
    };
    const Sink sink =
        [&](std::int64_t task, std::int64_t, std::span<const std::byte> bytes) {
          of_group_[static_cast<std::size_t>(first + task)] =
              ByteReader(bytes).take_vector<LeftOut>();
          return std::int64_t{0};
        };
    const RunSummary summary = run_tasks(comm_, {count, 1}, options_, work, sink);
    done_ += count;
    seconds_ += summary.seconds;
    return !summary.stopped;
  }

  StoredTable table(const std::string& unit) {
    display_.close();
    std::vector<std::int64_t> group;
    std::vector<LeftOut> all;
    for (std::size_t j = 0; j < of_group_.size(); ++j) {
      group.insert(group.end(), of_group_[j].size(), static_cast<std::int64_t>(j));
      all.insert(all.end(), of_group_[j].begin(), of_group_[j].end());
    }
    StoredTable out{.name = unit, .columns = {{"group", std::move(group)}}};
    for (const auto& [name, member] : kColumns) {
      std::vector<double> values;
      values.reserve(all.size());
      for (const LeftOut& one : all)
        values.push_back(one.*member);
      out.columns.emplace_back(name, std::move(values));
    }
    return out;
  }

 private:
  const Communicator& comm_;
  std::int64_t num_groups_;
  std::vector<std::vector<LeftOut>> of_group_;
  ProgressDisplay display_;
  RunOptions options_;
  std::int64_t done_ = 0;
  double seconds_ = 0.0;
};

}  // namespace

std::optional<std::vector<StoredTable>> make_loo(const Communicator& comm,
                                                 const SampleCommand& command,
                                                 const ModelData& data,
                                                 const FittedModel& fit,
                                                 const Posterior& posterior) {
  const std::unique_ptr<const PointwiseLikelihood> likelihood =
      pointwise(comm, command, data, fit, posterior);
  const DrawShape& shape = posterior.shape;
  const bool independent = posterior.exact != nullptr;
  const auto leave_out = [&](std::span<const double> of_draws) {
    return leave_one_out(of_draws, shape.draws_per_chain, independent);
  };
  const std::int64_t J = std::ssize(data.group_level);
  std::vector<StoredTable> tables;
  if (command.loo != Loo::rows) {
    Units groups(comm, command, J);
    const bool all = groups.make(0, J, [&](std::int64_t group) {
      return std::vector<LeftOut>{leave_out(likelihood->of_group(group))};
    });
    if (!all) return std::nullopt;
    tables.push_back(groups.table("groups"));
  }
  if (command.loo != Loo::groups) {
    Units rows(comm, command, J);
    const std::int64_t S = shape.num_draws();
    const std::int64_t at_once =
        std::max<std::int64_t>(1, kInterceptBytes / (S * std::int64_t{sizeof(double)}));
    // Behind the parameters and the log prior.
    const std::size_t first_column =
        posterior.stored.columns.size() - data.group_level.size();
    for (std::int64_t first = 0; first < J; first += at_once) {
      const std::int64_t count = std::min(at_once, J - first);
      const std::vector<double> intercepts =
          read_columns(comm,
                       command.run.output,
                       numbers(first_column + static_cast<std::size_t>(first),
                               static_cast<std::size_t>(count)));
      const bool all = rows.make(first, count, [&](std::int64_t group) {
        std::vector<LeftOut> out;
        const auto from = static_cast<std::size_t>((group - first) * S);
        likelihood->of_rows(
            group,
            std::span(intercepts).subspan(from, static_cast<std::size_t>(S)),
            [&](std::span<const double> row) { out.push_back(leave_out(row)); });
        return out;
      });
      if (!all) return std::nullopt;
    }
    tables.push_back(rows.table("rows"));
  }
  return tables;
}

std::vector<LeaveOneOut> loo_of(const StoredPosterior& posterior,
                                std::int64_t num_draws) {
  std::vector<LeaveOneOut> out;
  for (const StoredTable& table : posterior.loo) {
    std::vector<LeftOut> units(table.num_rows());
    for (const auto& [name, member] : kColumns) {
      const std::vector<double>& values = table.column<double>(name);
      for (std::size_t i = 0; i < units.size(); ++i)
        units[i].*member = values[i];
    }
    out.push_back(sum_over_units(table.name, units, num_draws));
  }
  return out;
}

}  // namespace merit
