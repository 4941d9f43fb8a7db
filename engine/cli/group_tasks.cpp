// SPDX-License-Identifier: MIT
#include "engine/cli/group_tasks.hpp"

#include <algorithm>
#include <numeric>

#include "engine/run/agree.hpp"

namespace merit {

std::vector<double> read_columns(const Communicator& comm,
                                 const std::string& path,
                                 std::size_t first,
                                 std::size_t count) {
  std::vector<std::size_t> columns(count);
  std::iota(columns.begin(), columns.end(), first);
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

Eigen::MatrixXd parameter_draws(const Communicator& comm,
                                const SampleCommand& command,
                                const ModelData& data,
                                const Posterior& posterior) {
  // Behind the terms stand τ and, of a Gaussian model, σ.
  const std::size_t parameters = data.terms.size() + (data.glmm == nullptr ? 2 : 1);
  const std::vector<double> draws = read_columns(comm, command.run.output, 0, parameters);
  return Eigen::Map<const Eigen::MatrixXd>(
      draws.data(), posterior.shape.num_draws(), static_cast<Eigen::Index>(parameters));
}

std::int64_t groups_at_once(const Posterior& posterior) {
  constexpr std::int64_t kInterceptBytes = std::int64_t{128} << 20;
  const std::int64_t of_a_group =
      posterior.shape.num_draws() * std::int64_t{sizeof(double)};
  return std::max<std::int64_t>(1, kInterceptBytes / of_a_group);
}

std::vector<double> stored_intercepts(const Communicator& comm,
                                      const SampleCommand& command,
                                      const ModelData& data,
                                      const Posterior& posterior,
                                      BlockRange groups) {
  if (!posterior.shape.with_groups) return {};
  // Behind the parameters and the log prior.
  const std::size_t first = posterior.stored.columns.size() - data.group_level.size();
  return read_columns(comm,
                      command.run.output,
                      first + static_cast<std::size_t>(groups.first),
                      static_cast<std::size_t>(groups.count));
}

std::unique_ptr<const PointwiseLikelihood> pointwise_likelihood(
    const Communicator& comm,
    const SampleCommand& command,
    const ModelData& data,
    const FittedModel& fit,
    const Posterior& posterior) {
  Eigen::MatrixXd draws = parameter_draws(comm, command, data, posterior);
  if (data.glmm == nullptr) return gaussian_pointwise(data.rows, std::move(draws));
  return quadrature_pointwise(
      data.glmm, draws, fit.glmm->start_modes, command.model.num_nodes());
}

ShownTasks::ShownTasks(const Communicator& comm,
                       const SampleCommand& command,
                       std::int64_t total,
                       const std::string& what)
    : comm_(comm),
      display_(comm.is_root() ? command.run.progress : ProgressMode::none, what) {
  options_.threads = command.run.num_threads();
  options_.stop_requested = [] { return StopSignals::stop_requested(); };
  options_.progress = [this, total](const Progress& progress) {
    Progress all = progress;
    all.done += done_;
    all.total = total;
    all.seconds += seconds_;
    display_.show(all);
  };
}

bool ShownTasks::run(std::int64_t count, const Work& work, const Sink& sink) {
  const RunSummary summary = run_tasks(comm_, {count, 1}, options_, work, sink);
  done_ += count;
  seconds_ += summary.seconds;
  return !summary.stopped;
}

std::vector<std::int64_t> streams_of(const DrawShape& shape) {
  std::vector<std::int64_t> out;
  out.reserve(static_cast<std::size_t>(shape.num_draws()));
  for (std::int64_t row = 0; row < shape.num_draws(); ++row)
    out.push_back(shape.stream(row));
  return out;
}

}  // namespace merit
