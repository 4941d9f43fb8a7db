// SPDX-License-Identifier: MIT
#include "io/arviz_netcdf.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <numeric>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "engine/error.hpp"
#include "io/hdf5_netcdf.hpp"
#include "io/part_file.hpp"

namespace merit {
namespace {

namespace fs = std::filesystem;
using hdf5::NetcdfFile;
using hdf5::NetcdfGroup;
using hdf5::NetcdfVariable;

const std::vector<std::string> kSampled = {"chain", "draw"};

/// A text among attributes; empty if it is not there.
std::string text_in(const Attributes& attributes, const std::string& field) {
  for (const auto& [name, value] : attributes) {
    if (name == field) return std::get<std::string>(value);
  }
  return "";
}

bool is_of_prior(const ResultFile& file) {
  const auto says_so = [](const Attribute& a) { return a.first == "prior_only"; };
  return std::any_of(file.job().begin(), file.job().end(), says_so);
}

/// A name as netCDF takes it, other than those taken.
std::string variable_name(std::string name, const std::vector<std::string>& taken) {
  if (name == "(Intercept)") name = "Intercept";
  std::replace(name.begin(), name.end(), '/', ':');
  const auto first = static_cast<unsigned char>(name.front());
  const bool begins = std::isalnum(first) != 0 || first == '_' || first >= 0x80;
  if (!begins) name.insert(0, "b_");
  while (std::find(taken.begin(), taken.end(), name) != taken.end())
    name.insert(0, "b_");
  return name;
}

std::vector<std::int64_t> numbers(std::int64_t count) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

/// Draws on their way from the rows of a result file.
class Writer {
 public:
  Writer(const ResultFile& file, NetcdfFile& out)
      : file_(file),
        out_(out),
        chains_(file.replicates()->num_chains),
        per_chain_(file.replicates()->num_replicates / chains_),
        of_prior_(is_of_prior(file)) {}

  void write() {
    write_draws();
    if (!file_.posterior()->ppc.empty()) write_checks();
  }

 private:
  NetcdfGroup group(const std::string& name) {
    NetcdfGroup made = out_.create_group(name);
    const std::string version = text_in(file_.provenance(), "version");
    for (const char* library : {"creation_library", "inference_library"}) {
      made.set_attribute(library, std::string("merit"));
      made.set_attribute(std::string(library) + "_version", version);
    }
    return made;
  }
  NetcdfGroup sampled_group(const std::string& name) {
    NetcdfGroup made = group(name);
    made.add_dimension("chain", numbers(chains_));
    made.add_dimension("draw", numbers(per_chain_));
    return made;
  }

  /// What the draws were made of, as attributes.
  void describe(NetcdfGroup& group) const {
    for (const char* field : {"formula", "family", "link"})
      group.set_attribute(field, text_in(file_.job(), field));
    group.set_attribute("sampler", text_in(file_.posterior()->sampler, "method"));
    std::string priors;
    for (const auto& [parameter, distribution] : file_.posterior()->priors) {
      if (!priors.empty()) priors += "; ";
      priors.append(parameter).append(" ~ ").append(distribution);
    }
    group.set_attribute("priors", priors);
  }

  void write_draws() {
    const std::vector<std::string>& columns = file_.columns();
    const auto parameters = static_cast<std::size_t>(
        std::find(columns.begin(), columns.end(), "lprior") - columns.begin());
    const std::size_t groups = columns.size() - parameters - 1;
    const std::string by = variable_name(file_.fit().group, kSampled);

    NetcdfGroup posterior = sampled_group(of_prior_ ? "prior" : "posterior");
    describe(posterior);
    std::vector<std::string> dimensions = kSampled;
    dimensions.push_back(by);
    if (groups > 0) posterior.add_dimension(by, file_.fit().group_level);
    std::vector<NetcdfVariable> variables;
    std::vector<std::string> taken = dimensions;
    if (groups > 0) taken.push_back("r_" + by);
    for (std::size_t c = 0; c < parameters; ++c) {
      taken.push_back(variable_name(columns[c], taken));
      variables.push_back(posterior.add_variable<double>(taken.back(), kSampled));
    }
    if (groups > 0)
      variables.push_back(posterior.add_variable<double>("r_" + by, dimensions));
    posterior.finish();

    NetcdfGroup stats = sampled_group(of_prior_ ? "sample_stats_prior" : "sample_stats");
    auto lp = stats.add_variable<double>("lp", kSampled);
    auto lprior = stats.add_variable<double>("lprior", kSampled);
    auto log_likelihood = stats.add_variable<double>("log_likelihood", kSampled);
    auto accepted = stats.add_variable<std::int8_t>("accepted", kSampled);
    accepted.set_attribute("dtype", std::string("bool"));
    stats.finish();

    const std::vector<double> likelihood = file_.log_likelihoods();
    std::vector<double> values;
    file_.for_each_block([&](std::int64_t begin,
                             std::span<const double> rows,
                             std::span<const double>,
                             std::span<const std::uint8_t> status) {
      for_each_piece(begin, std::ssize(status), [&](std::int64_t first, Box box) {
        const auto count = static_cast<std::size_t>(box.count[1]);
        const auto from = static_cast<std::size_t>(first - begin);
        const auto take = [&](std::size_t column, std::size_t width) {
          values.clear();
          for (std::size_t i = from; i < from + count; ++i) {
            const auto row = rows.subspan(i * columns.size() + column, width);
            values.insert(values.end(), row.begin(), row.end());
          }
        };
        const auto put = [&](NetcdfVariable& to) {
          to.write<double>(box.start, box.count, values);
        };
        for (std::size_t c = 0; c < parameters; ++c) {
          take(c, 1);
          put(variables[c]);
        }
        take(parameters, 1);
        put(lprior);
        const auto at = static_cast<std::size_t>(first);
        for (std::size_t i = 0; i < count; ++i)
          values[i] += likelihood[at + i];
        put(lp);
        values.assign(likelihood.begin() + first,
                      likelihood.begin() + first + box.count[1]);
        put(log_likelihood);
        std::vector<std::int8_t> moved;
        for (const std::uint8_t code : status.subspan(from, count))
          moved.push_back(code == 0 ? 1 : 0);
        accepted.write<std::int8_t>(box.start, box.count, moved);
        if (groups == 0) return;
        take(parameters + 1, groups);
        box.start.push_back(0);
        box.count.push_back(static_cast<std::int64_t>(groups));
        put(variables.back());
      });
    });
  }

  /// T(y_rep) of every draw, and T(y).
  void write_checks() {
    NetcdfGroup replicated =
        sampled_group(of_prior_ ? "prior_predictive" : "posterior_predictive");
    NetcdfGroup observed = group("observed_data");
    const StoredTable& draws = find_table(file_.posterior()->ppc, "draws");
    const StoredTable& overall = find_table(file_.posterior()->ppc, "statistics");
    const std::vector<double>& values = overall.column<double>("observed");
    std::size_t i = 0;
    for (const std::string& name : overall.column<std::string>("statistic")) {
      replicated.add_variable<double>(name, kSampled)
          .write<double>({0, 0}, {chains_, per_chain_}, draws.column<double>(name));
      observed.add_variable<double>(name, {}).write<double>(
          {}, {}, std::span(&values[i++], 1));
    }
    replicated.finish();
    observed.finish();
  }

  struct Box {
    std::vector<std::int64_t> start, count;
  };

  /// Rows [begin, begin + count) as draws of one chain at a time.
  template <class Use>
  void for_each_piece(std::int64_t begin, std::int64_t count, const Use& use) const {
    for (std::int64_t first = begin; first < begin + count;) {
      const std::int64_t draw = first % per_chain_;
      const std::int64_t n = std::min(per_chain_ - draw, begin + count - first);
      use(first, Box{{first / per_chain_, draw}, {1, n}});
      first += n;
    }
  }

  const ResultFile& file_;
  NetcdfFile& out_;
  std::int64_t chains_, per_chain_;
  bool of_prior_;
};

/// What is written first, to be renamed.
std::string draft_of(const std::string& path) {
  return path + ".new";
}

/// Whether two paths lead to one file, or would if it were there.
bool is_same_file(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return false;
  std::error_code ignored;
  if (fs::equivalent(a, b, ignored)) return true;
  return fs::weakly_canonical(fs::absolute(a, ignored), ignored) ==
         fs::weakly_canonical(fs::absolute(b, ignored), ignored);
}

bool is_in_directory(const std::string& path, const std::string& directory) {
  return is_same_file(path, directory) ||
         is_same_file(fs::absolute(path).parent_path().string(), directory);
}

}  // namespace

void check_netcdf(const std::string& path,
                  bool replace,
                  const std::string& snapshot,
                  const std::string& output) {
  std::error_code ignored;
  const std::string what = "--netcdf " + path;
  if (path.empty()) throw UsageError("--netcdf '': give the name of a file");
  if (fs::is_directory(path, ignored))
    throw UsageError(what + ": is a directory; give the name of a file");
  for (const std::string& written : {path, draft_of(path)}) {
    if (is_same_file(written, snapshot))
      throw UsageError(what + ": would replace the snapshot; give another name");
    if (is_same_file(written, output) || is_in_directory(written, output + ".parts")) {
      throw UsageError(what +
                       ": would replace the result of --output; give another name");
    }
  }
  if (fs::exists(path, ignored)) {
    if (!replace) throw UsageError(what + ": exists; --overwrite replaces it");
    if (!hdf5::is_netcdf(path)) {
      throw UsageError(what +
                       ": exists and is no netCDF-4 file, which alone is replaced; give "
                       "another name");
    }
  }
  const fs::path parent = fs::path(path).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  if (!fs::is_directory(directory, ignored))
    throw IoError(what + ": its directory " + directory + " does not exist");
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    throw IoError(what + ": its directory " + directory +
                  " cannot be written to: " + os_reason(errno, directory));
  }
}

void write_netcdf(const ResultFile& file, const std::string& path) {
  const std::string draft = draft_of(path);
  std::error_code ignored;
  fs::remove(draft, ignored);
  try {
    NetcdfFile out =
        NetcdfFile::create(draft, "merit=" + text_in(file.provenance(), "version"));
    Writer(file, out).write();
    out.close();
    rename_durably(draft, path);
  } catch (...) {
    fs::remove(draft, ignored);
    throw;
  }
}

}  // namespace merit
