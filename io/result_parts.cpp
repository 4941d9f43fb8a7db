// SPDX-License-Identifier: MIT
#include "io/result_parts.hpp"

#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "io/hdf5_result.hpp"
#include "io/result_layout.hpp"
#include "io/result_paths.hpp"
#include "io/result_tables.hpp"

namespace merit {

namespace {

AttributeValue read_attribute(const hdf5::Object& object, const std::string& name) {
  const hdf5::Type type = object.attribute_type(name);
  if (hdf5::is_flag(type)) return object.attribute<bool>(name);
  switch (type.type_class) {
    case hdf5::TypeClass::integer:
      return object.attribute<std::int64_t>(name);
    case hdf5::TypeClass::floating:
      return object.attribute<double>(name);
    case hdf5::TypeClass::fixed_string:
    case hdf5::TypeClass::variable_string:
      return object.attribute<std::string>(name);
    default:
      throw IoError(
          fmt::format("{}: attribute {} is {}; expected text, a number or a boolean",
                      object.name(),
                      name,
                      type.name));
  }
}

}  // namespace

Attributes read_attributes(const hdf5::Object& object) {
  Attributes out;
  for (const std::string& name : object.attribute_names()) {
    out.emplace_back(name, read_attribute(object, name));
  }
  return out;
}

void check_format(const hdf5::File& file) {
  const hdf5::Group root = file.root();
  const std::string format = root.find_attribute<std::string>("format").value_or("");
  if (format != kResultFormat) {
    throw InputError(
        fmt::format("{}: is not a result file: its attribute format is {}; expected {}",
                    file.path(),
                    format.empty() ? "missing" : "\"" + format + "\"",
                    kResultFormat));
  }
  const auto version = root.attribute<std::int64_t>("format_version");
  if (version < 1 || version > kResultFormatVersion) {
    throw IoError(fmt::format(
        "{}: has result format {}; this merit reads formats 1 to {}: use a later merit",
        file.path(),
        version,
        kResultFormatVersion));
  }
}

void check_shape(const hdf5::Dataset& dataset, const std::vector<std::int64_t>& shape) {
  if (dataset.shape() != shape) {
    throw IoError(fmt::format("{}: damaged: its shape is {}; expected {}",
                              dataset.name(),
                              fmt::join(dataset.shape(), " x "),
                              fmt::join(shape, " x ")));
  }
  const hdf5::Storage storage = dataset.storage();
  const auto values =
      static_cast<double>(dataset.num_rows()) * static_cast<double>(dataset.row_size());
  const double bytes = values * static_cast<double>(dataset.type().size);
  // A file that somebody has repacked with gzip: at most 1032 to 1.
  const double packing = storage.filtered ? 1032.0 : 1.0;
  if (static_cast<double>(storage.bytes) * packing < bytes) {
    throw IoError(dataset.name() + ": damaged: a part of its values is missing");
  }
}

hdf5::Dataset open_shaped(const hdf5::Group& group,
                          const std::string& name,
                          const std::vector<std::int64_t>& shape) {
  hdf5::Dataset dataset = group.dataset(name);
  check_shape(dataset, shape);
  return dataset;
}

namespace {

Eigen::VectorXd read_vector(const hdf5::Group& group,
                            const std::string& name,
                            std::int64_t n) {
  const std::vector<double> values = open_shaped(group, name, {n}).read<double>();
  return Eigen::Map<const Eigen::VectorXd>(values.data(), n);
}

Eigen::MatrixXd read_matrix(const hdf5::Group& group,
                            const std::string& name,
                            std::int64_t n) {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const std::vector<double> values = open_shaped(group, name, {n, n}).read<double>();
  return Eigen::Map<const RowMajor>(values.data(), n, n);
}

std::vector<std::string> read_strings(const hdf5::Group& group, const std::string& name) {
  const hdf5::Dataset dataset = group.dataset(name);
  check_shape(dataset, {dataset.num_rows()});
  return dataset.read_strings();
}

}  // namespace

StoredFit read_study(const hdf5::Group& group, std::optional<std::string>& text) {
  StoredFit out;
  out.terms = read_strings(group, "term");
  const std::vector<std::string> file = read_strings(group, "file");
  if (file.size() != 1)
    throw IoError(group.name() + ": damaged: file should hold one text");
  text = file.front();
  return out;
}

StoredFit read_fit(const hdf5::Group& group) {
  StoredFit out;
  out.terms = read_strings(group, "term");
  const std::int64_t p = std::ssize(out.terms);
  out.fit.beta = read_vector(group, "estimate", p);
  out.fit.vcov = read_matrix(group, "vcov", p);
  out.fit.criterion =
      group.attribute<std::string>("method") == "ml" ? Criterion::ml : Criterion::reml;
  const auto method = group.attribute<std::string>("method");
  if (method != "ml" && method != "reml") out.fit.method = method;
  const auto optional = [&group](const char* name) {
    return group.find_attribute<double>(name).value_or(
        std::numeric_limits<double>::quiet_NaN());
  };
  out.fit.sigma =
      out.fit.method.empty() ? group.attribute<double>("sigma") : optional("sigma");
  out.fit.tau_std_error = optional("tau_std_error");
  out.fit.sigma_std_error = optional("sigma_std_error");
  out.fit.latent_variance = optional("latent_variance");
  out.fit.response_icc = optional("response_icc");
  if (const auto nodes = group.find_attribute<std::int64_t>("nagq")) {
    out.fit.quadrature =
        QuadratureError{.num_nodes = static_cast<int>(*nodes),
                        .log_likelihood = optional("quadrature_error_log_likelihood"),
                        .std_error = optional("quadrature_error_std_error")};
  }
  out.fit.tau = group.attribute<double>("tau");
  out.fit.log_likelihood = out.fit.method.empty()
                               ? group.attribute<double>("log_likelihood")
                               : optional("log_likelihood");
  out.fit.converged = group.attribute<bool>("converged");
  out.fit.on_boundary = group.attribute<bool>("boundary");
  out.fit.iterations = static_cast<int>(group.attribute<std::int64_t>("iterations"));
  out.fit.gradient = group.attribute<double>("gradient");
  out.fit.message = group.attribute<std::string>("message");
  out.group = group.attribute<std::string>("group");
  out.num_obs = group.attribute<std::int64_t>("nobs");
  out.rows_read = group.attribute<std::int64_t>("rows_read");
  out.rows_excluded_by_where = group.attribute<std::int64_t>("rows_excluded_by_where");

  const hdf5::Group groups = group.group("groups");
  out.group_level = read_strings(groups, "level");
  const std::int64_t J = std::ssize(out.group_level);
  out.group_size = open_shaped(groups, "size", {J}).read<std::int64_t>();
  if (groups.exists("stratum"))
    out.group_stratum = open_shaped(groups, "stratum", {J}).read_strings();
  out.modes.mode = read_vector(groups, "mode", J);
  out.modes.sd = read_vector(groups, "conditional_sd", J);

  const hdf5::Group dropped = group.group("rows_dropped");
  const std::vector<std::string> columns = read_strings(dropped, "column");
  const std::vector<std::int64_t> counts =
      open_shaped(dropped, "count", {std::ssize(columns)}).read<std::int64_t>();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    out.rows_dropped.emplace_back(columns[c], counts[c]);
  }
  return out;
}

StoredPosterior read_posterior(const hdf5::Group& root) {
  StoredPosterior out;
  const hdf5::Group group = root.group("prior");
  const std::vector<std::string> parameters = read_strings(group, "parameter");
  const std::vector<std::string> distributions = read_strings(group, "distribution");
  if (parameters.size() != distributions.size()) {
    throw IoError(group.name() +
                  ": damaged: parameters and distributions differ in number");
  }
  for (std::size_t i = 0; i < parameters.size(); ++i)
    out.priors.emplace_back(parameters[i], distributions[i]);
  out.sampler = read_attributes(root.group("sampler"));
  if (root.exists("loo")) out.loo = read_tables(root.group("loo"));
  if (root.exists("ppc")) out.ppc = read_tables(root.group("ppc"));
  if (root.exists("summary")) out.summary = read_tables(root.group("summary"));
  return out;
}

std::vector<Session> read_sessions(const hdf5::Group& group) {
  const auto text = [&](const std::string& name) {
    return open_shaped(group, name, {kMostSessions}).read_strings();
  };
  const auto number = [&](const std::string& name) {
    return open_shaped(group, name, {kMostSessions}).read<std::int64_t>();
  };
  const auto started = text("started");
  const auto finished = text("finished");
  const auto host = text("host");
  const auto batch_job = text("batch_job");
  const auto ranks = number("ranks");
  const auto threads = number("threads");
  const auto replicates = number("replicates");
  const auto seconds = open_shaped(group, "seconds", {kMostSessions}).read<double>();
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < started.size() && !started[i].empty(); ++i) {
    sessions.push_back({.started = started[i],
                        .finished = finished[i],
                        .host = host[i],
                        .batch_job = batch_job[i],
                        .ranks = ranks[i],
                        .threads = threads[i],
                        .replicates = replicates[i],
                        .seconds = seconds[i]});
  }
  return sessions;
}

}  // namespace merit
