// SPDX-License-Identifier: MIT
#include "io/result_layout.hpp"

#include <type_traits>

#include "engine/error.hpp"
#include "io/description_checksum.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_result.hpp"
#include "io/result_delete_one.hpp"
#include "io/result_inference.hpp"
#include "io/result_paths.hpp"
#include "io/result_tables.hpp"

namespace merit {
namespace {

/// Widths of the sessions' texts, in bytes.
constexpr std::int64_t kTimeWidth = 20;  // 2026-11-25T09:54:41Z
constexpr std::int64_t kNameWidth = 64;

void write_attributes(hdf5::Object&& object, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) {
    std::visit(
        [&, &key = name](const auto& v) {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, bool>) {
            hdf5::set_flag(object, key, v);
          } else {
            object.set_attribute(key, v);
          }
        },
        value);
  }
}

void write_vector(hdf5::Group& group, const std::string& name, const Eigen::VectorXd& v) {
  group.write(name, std::vector<double>(v.data(), v.data() + v.size()));
}

hdf5::Layout contiguous(std::vector<std::int64_t> shape) {
  hdf5::Layout layout;
  layout.shape = std::move(shape);
  return layout;
}

void write_matrix(hdf5::Group& group, const std::string& name, const Eigen::MatrixXd& m) {
  std::vector<double> values;
  for (Eigen::Index i = 0; i < m.rows(); ++i) {
    for (Eigen::Index j = 0; j < m.cols(); ++j)
      values.push_back(m(i, j));
  }
  group.create_dataset<double>(name, contiguous({m.rows(), m.cols()}))
      .write_rows(0, m.rows(), values);
}

void write_fit(hdf5::Group root, const StoredFit& stored) {
  const FitResult& fit = stored.fit;
  hdf5::Group group = root.create_group("fit");
  group.write("term", stored.terms);
  write_vector(group, "estimate", fit.beta);
  write_vector(group, "std_error", fit.vcov.diagonal().cwiseSqrt());
  write_matrix(group, "vcov", fit.vcov);

  hdf5::Group groups = group.create_group("groups");
  groups.write("level", stored.group_level);
  groups.write("size", stored.group_size);
  if (!stored.group_stratum.empty()) groups.write("stratum", stored.group_stratum);
  write_vector(groups, "mode", stored.modes.mode);
  write_vector(groups, "conditional_sd", stored.modes.sd);

  std::vector<std::string> columns;
  std::vector<std::int64_t> counts;
  for (const auto& [column, count] : stored.rows_dropped) {
    columns.push_back(column);
    counts.push_back(count);
  }
  hdf5::Group dropped = group.create_group("rows_dropped");
  dropped.write("column", columns);
  dropped.write("count", counts);

  const std::string method = !fit.method.empty()                ? fit.method
                             : fit.criterion == Criterion::reml ? "reml"
                                                                : "ml";
  Attributes attributes = {
      {"method", method},
      {"tau", fit.tau},
      {"converged", fit.converged},
      {"boundary", fit.on_boundary},
      {"iterations", static_cast<std::int64_t>(fit.iterations)},
      {"gradient", fit.gradient},
      {"message", fit.message},
      {"group", stored.group},
      {"nobs", stored.num_obs},
      {"ngroups", static_cast<std::int64_t>(stored.group_level.size())},
      {"rows_read", stored.rows_read},
      {"rows_excluded_by_where", stored.rows_excluded_by_where}};
  // What a family does not have is not written.
  const auto add = [&attributes](const char* name, double value) {
    if (!std::isnan(value)) attributes.emplace_back(name, value);
  };
  add("log_likelihood", fit.log_likelihood);
  add("sigma", fit.sigma);
  add("tau_std_error", fit.tau_std_error);
  add("sigma_std_error", fit.sigma_std_error);
  add("latent_variance", fit.latent_variance);
  add("response_icc", fit.response_icc);
  if (fit.quadrature) {
    attributes.emplace_back("nagq", std::int64_t{fit.quadrature->num_nodes});
    add("quadrature_error_log_likelihood", fit.quadrature->log_likelihood);
    add("quadrature_error_std_error", fit.quadrature->std_error);
  }
  write_attributes(std::move(group), attributes);
}

void write_study(hdf5::Group root, const ResultContents& contents) {
  hdf5::Group group = root.create_group("study");
  group.write("file", std::vector<std::string>{*contents.study});
  group.write("term", contents.fit.terms);
  write_tables(group, contents.tables);
}

template <class T>
void lay_out_rows(hdf5::Group& group, const std::string& name, std::int64_t rows) {
  hdf5::Dataset dataset = group.create_dataset<T>(name, contiguous({rows}));
  hdf5::allocate(dataset);
}

/// A matrix with named columns.
void lay_out_matrix(hdf5::Group& group,
                    const std::string& name,
                    std::int64_t rows,
                    const std::vector<std::string>& columns) {
  hdf5::Dataset dataset =
      group.create_dataset<double>(name, contiguous({rows, std::ssize(columns)}));
  dataset.set_attribute("columns", columns);
  hdf5::allocate(dataset);
}

template <class T>
void write_zeros(hdf5::Group& group, const std::string& name, std::int64_t rows) {
  group.write(name, std::vector<T>(static_cast<std::size_t>(rows)));
}

/// @param with_errors  names of the estimates that have one
void lay_out_std_errors(hdf5::Group& group,
                        const ReplicatePlan& plan,
                        std::vector<std::string> with_errors,
                        const std::vector<StudentisedQuantity>& studentised) {
  std::vector<double> original;
  for (const auto& [text, std_error] : studentised) {
    with_errors.push_back(text);
    original.push_back(std_error);
  }
  if (!plan.keep_std_errors || with_errors.empty()) return;
  lay_out_matrix(group, "std_error", plan.num_rows(), with_errors);
  if (!original.empty()) group.dataset("std_error").set_attribute("original", original);
}

void lay_out_replicates(hdf5::Group root,
                        const ReplicatePlan& plan,
                        const std::vector<std::string>& columns,
                        const std::vector<std::string>& terms,
                        const std::vector<std::string>& inner_quantities,
                        const std::vector<StudentisedQuantity>& studentised) {
  const RowNames names = row_names(plan.kind);
  hdf5::Group group = root.create_group(names.group);
  group.set_attribute(names.count, plan.num_replicates);
  if (plan.kind == RowKind::draws) group.set_attribute("num_chains", plan.num_chains);
  group.set_attribute("block_rows", plan.block_rows);
  group.set_attribute("shard", plan.shard.index);
  group.set_attribute("num_shards", plan.shard.count);

  const std::int64_t rows = plan.num_rows();
  lay_out_matrix(group, names.values, rows, columns);
  lay_out_std_errors(group, plan, plan.keep_sd_errors ? columns : terms, studentised);
  if (plan.keep_inner_shares) {
    std::vector<std::string> shares = columns;
    shares.insert(shares.end(), inner_quantities.begin(), inner_quantities.end());
    lay_out_matrix(group, "inner_share", rows, shares);
  }
  lay_out_rows<double>(group, "log_likelihood", rows);
  lay_out_rows<std::uint8_t>(group, "status", rows);
  group.dataset("status").set_attribute("codes", status_codes(plan.kind));

  write_zeros<std::uint8_t>(group, "committed", plan.blocks().count);
  write_zeros<std::uint64_t>(group, "checksum", plan.blocks().count);
}

void write_posterior(hdf5::Group root, const StoredPosterior& posterior) {
  std::vector<std::string> parameters, distributions;
  for (const auto& [parameter, distribution] : posterior.priors) {
    parameters.push_back(parameter);
    distributions.push_back(distribution);
  }
  hdf5::Group group = root.create_group("prior");
  group.write("parameter", parameters);
  group.write("distribution", distributions);
  write_attributes(root.create_group("sampler"), posterior.sampler);
  const auto write = [&root](const char* name, const std::vector<StoredTable>& tables) {
    if (tables.empty()) return;
    hdf5::Group of = root.create_group(name);
    write_tables(of, tables);
  };
  write("loo", posterior.loo);
  write("ppc", posterior.ppc);
  write("summary", posterior.summary);
}

void lay_out_sessions(hdf5::Group provenance) {
  hdf5::Group group = provenance.create_group("sessions");
  for (const char* name : {"started", "finished"}) {
    hdf5::create_text_rows(group, name, kMostSessions, kTimeWidth);
  }
  for (const char* name : {"host", "batch_job"}) {
    hdf5::create_text_rows(group, name, kMostSessions, kNameWidth);
  }
  for (const char* name : {"ranks", "threads", "replicates"}) {
    write_zeros<std::int64_t>(group, name, kMostSessions);
  }
  write_zeros<double>(group, "seconds", kMostSessions);
}

Place place_of(const hdf5::Group& group, const std::string& name) {
  const hdf5::Dataset dataset = group.dataset(name);
  return {hdf5::offset(dataset),
          dataset.row_size() * static_cast<std::int64_t>(dataset.type().size)};
}

}  // namespace

RowNames row_names(RowKind kind) {
  if (kind == RowKind::draws) return {"draws", "value", "num_draws"};
  return {"replicates", "estimate", "num_replicates"};
}

std::vector<std::string> status_codes(RowKind kind) {
  if (kind == RowKind::draws) return {"accepted", "repeated"};
  std::vector<std::string> codes;
  codes.reserve(kNumReplicateStatuses);
  for (int code = 0; code < kNumReplicateStatuses; ++code) {
    codes.emplace_back(name(static_cast<ReplicateStatus>(code)));
  }
  return codes;
}

void lay_out_result(const std::string& path, const ResultContents& contents) {
  hdf5::File file = hdf5::File::open(path, hdf5::Access::read_write);
  write_attributes(file.root(),
                   {{"format", std::string(kResultFormat)},
                    {"format_version", kResultFormatVersion},
                    {"command", contents.command}});
  write_attributes(file.root().create_group("job"), contents.job);
  if (contents.study) {
    write_study(file.root(), contents);
  } else {
    write_fit(file.root(), contents.fit);
    write_inference(file.root(), contents.fit);
    write_delete_one(file.root(), contents.fit);
  }
  if (contents.posterior) write_posterior(file.root(), *contents.posterior);
  if (contents.replicates) {
    lay_out_replicates(
        file.root(),
        *contents.replicates,
        contents.posterior ? contents.posterior->columns : estimate_columns(contents.fit),
        contents.fit.terms,
        contents.inner_quantities,
        contents.studentised_quantities);
  }
  write_attributes(file.root().create_group("provenance"), contents.provenance);
  lay_out_sessions(file.root().group("provenance"));
  hdf5::Group root = file.root();
  root.set_attribute(kDescriptionChecksum, description_checksum(root));
  root = {};
  file.close();
}

ResultPlaces find_places(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path, hdf5::Access::read);
  const hdf5::Group sessions = file.root().group("provenance/sessions");
  ResultPlaces places;
  places.sessions = {.started = place_of(sessions, "started"),
                     .finished = place_of(sessions, "finished"),
                     .host = place_of(sessions, "host"),
                     .batch_job = place_of(sessions, "batch_job"),
                     .ranks = place_of(sessions, "ranks"),
                     .threads = place_of(sessions, "threads"),
                     .replicates = place_of(sessions, "replicates"),
                     .seconds = place_of(sessions, "seconds")};
  const bool draws = file.root().exists("draws");
  if (!draws && !file.root().exists("replicates")) return places;
  const RowNames names = row_names(draws ? RowKind::draws : RowKind::replicates);
  const hdf5::Group group = file.root().group(names.group);
  ReplicatePlaces& replicates = places.replicates.emplace();
  replicates.estimate = place_of(group, names.values);
  if (group.exists("std_error")) replicates.std_error = place_of(group, "std_error");
  if (group.exists("inner_share"))
    replicates.inner_share = place_of(group, "inner_share");
  replicates.log_likelihood = place_of(group, "log_likelihood");
  replicates.status = place_of(group, "status");
  replicates.committed = place_of(group, "committed");
  replicates.checksum = place_of(group, "checksum");
  return places;
}

}  // namespace merit
