// SPDX-License-Identifier: MIT
#include "engine/cli/group_tasks.hpp"

#include <numeric>

#include <Eigen/Dense>

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

std::unique_ptr<const PointwiseLikelihood> pointwise_likelihood(
    const Communicator& comm,
    const SampleCommand& command,
    const ModelData& data,
    const FittedModel& fit,
    const Posterior& posterior) {
  // Behind the terms stand τ and, of a Gaussian model, σ.
  const std::size_t parameters = data.terms.size() + (data.glmm == nullptr ? 2 : 1);
  const std::vector<double> draws = read_columns(comm, command.run.output, 0, parameters);
  const Eigen::Map<const Eigen::MatrixXd> matrix(
      draws.data(), posterior.shape.num_draws(), static_cast<Eigen::Index>(parameters));
  if (data.glmm == nullptr) return gaussian_pointwise(data.rows, matrix);
  return quadrature_pointwise(
      data.glmm, matrix, fit.glmm->start_modes, command.model.num_nodes());
}

std::vector<std::int64_t> streams_of(const DrawShape& shape) {
  std::vector<std::int64_t> out;
  out.reserve(static_cast<std::size_t>(shape.num_draws()));
  for (std::int64_t row = 0; row < shape.num_draws(); ++row)
    out.push_back(shape.stream(row));
  return out;
}

}  // namespace merit
