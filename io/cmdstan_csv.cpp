// SPDX-License-Identifier: MIT
#include "io/cmdstan_csv.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/part_file.hpp"

namespace merit {
namespace {

namespace fs = std::filesystem;

/// A text file, under its name once it is whole.
class TextFile {
 public:
  explicit TextFile(std::string path)
      : path_(std::move(path)),
        draft_(path_ + ".new"),
        file_(std::fopen(draft_.c_str(), "w"), std::fclose) {
    if (file_ == nullptr) fail();
  }

  void write(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) fail();
  }

  void finish() {
    if (std::fclose(file_.release()) != 0) fail();
    rename_durably(draft_, path_);
  }

 private:
  [[noreturn]] void fail() const {
    throw IoError(path_ + ": cannot be written: " + os_reason(errno, path_));
  }

  std::string path_, draft_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

std::string chain_path(const std::string& directory, std::int64_t chain) {
  return fmt::format("{}/chain-{}.csv", directory, chain + 1);
}

/// As Stan's readers know non-finite numbers.
std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  return fmt::format("{}", value);
}

/// RFC 4180.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

/// Names without commas and brackets for the columns of a file.
std::vector<std::string> plain_names(const ResultFile& file) {
  const std::vector<std::string>& columns = file.columns();
  const std::int64_t num_terms = std::ssize(file.fit().terms);
  std::string family;
  for (const auto& [field, value] : file.job()) {
    if (field == "family") family = std::get<std::string>(value);
  }
  // An ordinal model's terms begin with its thresholds: "1|2".
  const auto is_threshold = [&](const std::string& name) {
    return family == "ordinal" && name.find('|') != std::string::npos;
  };
  std::vector<std::string> names;
  int beta = 0, threshold = 0, group = 0;
  bool behind = false;  // of the log prior
  for (std::int64_t c = 0; c < std::ssize(columns); ++c) {
    const std::string& name = columns[static_cast<std::size_t>(c)];
    if (behind) {
      names.push_back(fmt::format("u.{}", ++group));
    } else if (name == "(Intercept)") {
      names.emplace_back("Intercept");
    } else if (c == num_terms) {
      names.emplace_back("sd_intercept");
    } else if (name == "sd__Observation") {
      names.emplace_back("sigma");
    } else if (c > num_terms) {
      names.push_back(name);
      behind = true;
    } else if (beta == 0 && is_threshold(name)) {
      names.push_back(fmt::format("threshold.{}", ++threshold));
    } else if (family == "negbinomial" && c == num_terms - 1) {
      names.emplace_back("theta");
    } else {
      names.push_back(fmt::format("beta.{}", ++beta));
    }
  }
  return names;
}

std::string configuration(std::int64_t draws, std::int64_t chain) {
  return fmt::format(
      "# stan_version_major = 2\n"
      "# model = merit_random_intercept_model\n"
      "# method = sample (Default)\n"
      "#   sample\n"
      "#     num_samples = {}\n"
      "#     num_warmup = 0\n"
      "#     save_warmup = 0 (Default)\n"
      "#     thin = 1 (Default)\n"
      "#     algorithm = fixed_param\n"
      "# id = {}\n",
      draws,
      chain + 1);
}

}  // namespace

void check_cmdstan_directory(const std::string& directory, bool replace) {
  std::error_code ignored;
  if (fs::exists(directory, ignored) && !fs::is_directory(directory, ignored)) {
    throw UsageError("--cmdstan-csv " + directory + ": is no directory");
  }
  if (!replace && fs::exists(chain_path(directory, 0), ignored)) {
    throw UsageError(
        fmt::format("--cmdstan-csv {}: holds chains already; --overwrite "
                    "replaces them",
                    directory));
  }
}

void write_cmdstan_csv(const ResultFile& file, const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    throw IoError(directory +
                  ": cannot be created: " + os_reason(error.value(), directory));
  }
  const std::vector<std::string>& columns = file.columns();
  const std::vector<std::string> names = plain_names(file);
  const auto prior = static_cast<std::size_t>(
      std::find(columns.begin(), columns.end(), "lprior") - columns.begin());
  TextFile labels(directory + "/labels.csv");
  labels.write("column,label\n");
  std::string header = "lp__,accept_stat__";
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (c == prior) header += ",log_posterior";
    header += "," + names[c];
    labels.write(names[c] + "," + quoted(columns[c]) + "\n");
  }
  labels.finish();

  const std::int64_t per_chain =
      file.replicates()->num_replicates / file.replicates()->num_chains;
  const std::vector<double> log_likelihood = file.log_likelihoods();
  std::unique_ptr<TextFile> out;
  std::int64_t row = 0;
  file.for_each_block([&](std::int64_t,
                          std::span<const double> values,
                          std::span<const double>,
                          std::span<const std::uint8_t> status) {
    std::string text;
    for (std::size_t i = 0; i < status.size(); ++i, ++row) {
      if (row % per_chain == 0) {
        out = std::make_unique<TextFile>(chain_path(directory, row / per_chain));
        text = configuration(per_chain, row / per_chain) + header + "\n";
      }
      const auto value = values.subspan(i * names.size(), names.size());
      const std::string lp =
          number(log_likelihood[static_cast<std::size_t>(row)] + value[prior]);
      text += lp + (status[i] == 0 ? ",1" : ",0");
      for (std::size_t c = 0; c < names.size(); ++c) {
        if (c == prior) text += "," + lp;
        text += "," + number(value[c]);
      }
      text += '\n';
      if ((row + 1) % per_chain != 0) continue;
      // Times belong to a job and not to a chain; readers only want the lines.
      text +=
          "# \n#  Elapsed Time: 0 seconds (Warm-up)\n"
          "#                0 seconds (Sampling)\n"
          "#                0 seconds (Total)\n# \n";
      out->write(text);
      text.clear();
      out->finish();
    }
    if (!text.empty()) out->write(text);
  });
}

}  // namespace merit
