// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <type_traits>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_result.hpp"
#include "io/job_lock.hpp"
#include "io/part_file.hpp"
#include "io/result_paths.hpp"
#include "io/result_store.hpp"

namespace merit {
namespace {

namespace fs = std::filesystem;

static_assert(
    std::endian::native == std::endian::little,
    "rows are written as they lie in memory; the file's numbers are little-endian");

/// Room for what finish() adds to /provenance.
constexpr std::int64_t kProvenanceRoom = std::int64_t{64} << 10;

/// Where the rows of a dataset lie in the file.
struct Place {
  std::int64_t offset = 0;
  std::int64_t row_bytes = 0;
};

struct Places {
  Place estimate;
  std::optional<Place> std_error;
  Place log_likelihood;
  Place status;
  Place committed;
};

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
      {"log_likelihood", fit.log_likelihood},
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
  if (fit.has_sigma()) attributes.emplace_back("sigma", fit.sigma);
  if (!std::isnan(fit.tau_std_error))
    attributes.emplace_back("tau_std_error", fit.tau_std_error);
  if (!std::isnan(fit.latent_variance))
    attributes.emplace_back("latent_variance", fit.latent_variance);
  if (fit.quadrature) {
    attributes.emplace_back("nagq", std::int64_t{fit.quadrature->num_nodes});
    attributes.emplace_back("quadrature_error_log_likelihood",
                            fit.quadrature->log_likelihood);
    attributes.emplace_back("quadrature_error_std_error", fit.quadrature->std_error);
  }
  write_attributes(std::move(group), attributes);
}

template <class T>
Place lay_out_rows(hdf5::Dataset&& dataset) {
  return {hdf5::allocate(dataset),
          dataset.row_size() * static_cast<std::int64_t>(sizeof(T))};
}

Places lay_out_replicates(hdf5::Group root,
                          const ReplicatePlan& plan,
                          const StoredFit& fit) {
  const std::vector<std::string>& terms = fit.terms;
  const std::int64_t R = plan.num_replicates;
  const std::vector<std::string> columns = estimate_columns(fit);
  hdf5::Group group = root.create_group("replicates");
  group.set_attribute("block_rows", plan.block_rows);

  Places places;
  hdf5::Dataset estimate =
      group.create_dataset<double>("estimate", contiguous({R, std::ssize(columns)}));
  estimate.set_attribute("columns", columns);
  places.estimate = lay_out_rows<double>(std::move(estimate));
  if (plan.keep_std_errors && !terms.empty()) {
    hdf5::Dataset std_error =
        group.create_dataset<double>("std_error", contiguous({R, std::ssize(terms)}));
    std_error.set_attribute("columns", terms);
    places.std_error = lay_out_rows<double>(std::move(std_error));
  }
  places.log_likelihood = lay_out_rows<double>(
      group.create_dataset<double>("log_likelihood", contiguous({R})));

  std::vector<std::string> codes;
  codes.reserve(kNumReplicateStatuses);
  for (int code = 0; code < kNumReplicateStatuses; ++code) {
    codes.emplace_back(name(static_cast<ReplicateStatus>(code)));
  }
  hdf5::Dataset status = group.create_dataset<std::uint8_t>("status", contiguous({R}));
  status.set_attribute("codes", codes);
  places.status = lay_out_rows<std::uint8_t>(std::move(status));

  const std::int64_t num_blocks = plan.num_blocks();
  hdf5::Dataset committed =
      group.create_dataset<std::uint8_t>("committed", contiguous({num_blocks}));
  const std::vector<std::uint8_t> none(static_cast<std::size_t>(num_blocks));
  committed.write_rows(0, num_blocks, none);
  places.committed = lay_out_rows<std::uint8_t>(std::move(committed));
  return places;
}

/// Writes everything but the rows, which get their places.
std::optional<Places> lay_out_file(hdf5::File file, const ResultContents& contents) {
  std::optional<Places> places;
  write_attributes(file.root(),
                   {{"format", std::string(kResultFormat)},
                    {"format_version", kResultFormatVersion},
                    {"command", contents.command},
                    {"complete", false}});
  write_attributes(file.root().create_group("job"), contents.job);
  write_fit(file.root(), contents.fit);
  if (contents.replicates) {
    places = lay_out_replicates(file.root(), *contents.replicates, contents.fit);
  }
  write_attributes(file.root().create_group("provenance"), contents.provenance);
  file.close();
  return places;
}

void make_parts_directory(const std::string& path) {
  std::error_code error;
  fs::create_directory(parts_directory(path), error);
  if (error) {
    throw IoError(parts_directory(path) +
                  ": cannot be created: " + os_reason(error.value(), path));
  }
}

/// Nothing but what a job of ours has put there.
void remove_parts(const std::string& path) {
  std::error_code ignored;
  fs::remove(part_path(path), ignored);
  fs::remove(draft_path(path), ignored);
  fs::remove(lock_path(path), ignored);
  fs::remove(parts_directory(path), ignored);
}

/// HDF5 refuses to write a file that a reader (h5py, R) holds open and has locked. The lock
/// is on that file, not on its name: a copy is free.
void replace_by_copy(const std::string& path) {
  const std::string copy = path + ".copy";
  std::error_code error;
  fs::copy_file(path, copy, fs::copy_options::overwrite_existing, error);
  if (error) {
    throw IoError(copy + ": cannot be written: " + os_reason(error.value(), copy));
  }
  rename_durably(copy, path);
}

void complete_file(const std::string& path, const Attributes& provenance) {
  hdf5::File file = hdf5::File::open(path, hdf5::Access::read_write);
  write_attributes(file.root().group("provenance"), provenance);
  hdf5::set_flag(file.root(), "complete", true);
  file.close();
}

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span<const T>(values));
}

}  // namespace

struct ResultWriter::State {
  std::string path;
  std::string part;
  std::optional<ReplicatePlan> plan;
  std::int64_t num_terms = 0;
  std::int64_t num_estimates = 0;
  std::optional<Places> places;
  std::optional<JobLock> lock;
  std::optional<PartFile> file;
  std::mutex mutex;                     ///< guards `committed`
  std::vector<std::uint8_t> committed;  ///< per block
};

ResultWriter::ResultWriter(std::string path,
                           const ResultContents& contents,
                           bool overwrite)
    : state_(std::make_unique<State>()) {
  check_output(path, overwrite);
  State& s = *state_;
  s.part = merit::part_path(path);
  s.path = std::move(path);
  s.plan = contents.replicates;
  s.num_terms = std::ssize(contents.fit.terms);
  s.num_estimates = std::ssize(estimate_columns(contents.fit));

  make_parts_directory(s.path);
  s.lock.emplace(s.path);
  try {
    // Under a name that nobody reads: a reader's lock would keep HDF5 from writing it.
    const std::string draft = draft_path(s.path);
    std::error_code gone;
    fs::remove(s.part, gone);
    fs::remove(draft, gone);
    // HDF5 bears a full disk badly: it learns of it when it closes the file. So the room is
    // there before HDF5 writes more than an empty file.
    hdf5::File::create(draft).close();
    s.file.emplace(draft);
    s.file->reserve(expected_bytes(contents));
    s.places = lay_out_file(hdf5::File::open(draft, hdf5::Access::read_write), contents);
    // Closing cut the file to what it holds.
    s.file->reserve(static_cast<std::int64_t>(fs::file_size(draft)) + kProvenanceRoom);
    rename_durably(draft, s.part);
    s.file.emplace(s.part);
  } catch (...) {
    remove_parts(s.path);
    throw;
  }
  if (s.plan) s.committed.resize(static_cast<std::size_t>(s.plan->num_blocks()));
  // From here on the new job is what `path` stands for.
  std::error_code ignored;
  fs::remove(s.path, ignored);
}

ResultWriter::ResultWriter(ResultWriter&&) noexcept = default;
ResultWriter& ResultWriter::operator=(ResultWriter&&) noexcept = default;
ResultWriter::~ResultWriter() = default;

void ResultWriter::write_block(std::int64_t first, const ReplicateRows& rows) {
  State& s = *state_;
  if (!s.plan || !s.places) throw std::logic_error("a result without replicates");
  const ReplicatePlan& plan = *s.plan;
  const bool one_block =
      first >= 0 && first % plan.block_rows == 0 && first < plan.num_replicates &&
      rows.count == std::min(plan.block_rows, plan.num_replicates - first);
  const bool fits = rows.num_estimates == s.num_estimates &&
                    (!s.places->std_error || rows.num_std_errors == s.num_terms);
  if (!one_block || !fits) {
    throw std::logic_error(
        fmt::format("{} rows from {} with {} estimates and {} standard errors are no "
                    "block of the plan",
                    rows.count,
                    first,
                    rows.num_estimates,
                    rows.num_std_errors));
  }
  const auto write = [&](const Place& place, std::span<const std::byte> bytes) {
    s.file->write_at(place.offset + first * place.row_bytes, bytes);
  };
  write(s.places->estimate, bytes_of(rows.estimate));
  if (s.places->std_error) write(*s.places->std_error, bytes_of(rows.std_error));
  write(s.places->log_likelihood, bytes_of(rows.log_likelihood));
  write(s.places->status, bytes_of(rows.status));

  const std::int64_t block = first / plan.block_rows;
  constexpr std::byte kCommitted{1};
  s.file->write_at(s.places->committed.offset + block, std::span(&kCommitted, 1));
  const std::lock_guard lock(s.mutex);
  s.committed[static_cast<std::size_t>(block)] = 1;
}

void ResultWriter::sync() {
  state_->file->sync();
}

void ResultWriter::finish(const Attributes& provenance) {
  State& s = *state_;
  for (std::size_t block = 0; block < s.committed.size(); ++block) {
    if (s.committed[block] == 0) {
      throw std::logic_error(
          fmt::format("block {} of {} was never written", block, s.part));
    }
  }
  s.file.reset();
  try {
    complete_file(s.part, provenance);
  } catch (const IoError&) {
    replace_by_copy(s.part);
    complete_file(s.part, provenance);
  }
  PartFile(s.part).sync();
  rename_durably(s.part, s.path);
  remove_parts(s.path);
}

const std::string& ResultWriter::part_path() const {
  return state_->part;
}

}  // namespace merit
