// SPDX-License-Identifier: MIT
#include "engine/cli/prior_grid.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "engine/study/toml_tree.hpp"

namespace merit {
namespace {

using Kind = TomlNode::Kind;

[[noreturn]] void refuse(const std::string& file, int line, const std::string& what) {
  throw UsageError(fmt::format("{}: line {}: {}", file, line, what));
}

/// Names become parts of file names.
bool is_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '_' || c == '-';
  });
}

/// What a named sampler attribute says; empty without.
std::string attribute(const Attributes& attributes, const std::string& wanted) {
  for (const auto& [key, value] : attributes) {
    if (key == wanted && std::holds_alternative<std::string>(value))
      return std::get<std::string>(value);
  }
  return "";
}

/// Priors that all models share once, others by the model's name.
std::vector<std::pair<std::string, std::string>> priors_of(
    const std::vector<NamedReport>& reports) {
  std::vector<std::pair<std::string, std::string>> shared, own;
  for (const auto& prior : reports.front().report.glance.draws->priors) {
    const bool everywhere =
        std::all_of(reports.begin(), reports.end(), [&](const NamedReport& other) {
          const auto& priors = other.report.glance.draws->priors;
          return std::find(priors.begin(), priors.end(), prior) != priors.end();
        });
    if (everywhere) shared.push_back(prior);
  }
  for (const NamedReport& entry : reports) {
    for (const auto& prior : entry.report.glance.draws->priors) {
      if (std::find(shared.begin(), shared.end(), prior) == shared.end())
        own.emplace_back(entry.name + ": " + prior.first, prior.second);
    }
  }
  shared.insert(shared.end(), own.begin(), own.end());
  return shared;
}

/// The sampler of all, or which priors had which.
Attributes sampler_of(const std::vector<NamedReport>& reports) {
  std::vector<std::pair<std::string, std::string>> methods;  // and for which priors
  for (const NamedReport& entry : reports) {
    const std::string method = attribute(entry.report.glance.draws->sampler, "method");
    const auto found =
        std::find_if(methods.begin(), methods.end(), [&](const auto& pair) {
          return pair.first == method;
        });
    if (found == methods.end()) {
      methods.emplace_back(method, entry.name);
    } else {
      found->second += ", " + entry.name;
    }
  }
  if (methods.size() == 1) return {{"method", methods.front().first}};
  std::string all;
  for (const auto& [method, names] : methods)
    all += fmt::format("{}{} ({})", all.empty() ? "" : ", ", method, names);
  return {{"method", all}};
}

}  // namespace

std::vector<NamedPriors> read_prior_grid(const std::string& text,
                                         const std::string& file) {
  const TomlNode tree = parse_toml(text, file);
  std::vector<NamedPriors> grid;
  for (const auto& [name, node] : tree.entries) {
    if (!is_name(name)) {
      refuse(
          file,
          node.line,
          fmt::format("{}: a name of priors is made of letters, digits, _ and -", name));
    }
    NamedPriors& priors = grid.emplace_back(NamedPriors{name, {}});
    if (node.kind == Kind::text) priors.priors = {node.text};
    for (const TomlNode& item : node.items) {
      if (item.kind == Kind::text) priors.priors.push_back(item.text);
    }
    if (node.kind != Kind::text &&
        (node.kind != Kind::list || priors.priors.size() != node.items.size())) {
      refuse(file,
             node.line,
             fmt::format("{} is {}; give texts as --prior takes them, e.g. {} = "
                         "[\"brms\", \"sd~half_t(3, 1)\"]",
                         name,
                         describe(node),
                         name));
    }
  }
  if (grid.empty())
    throw UsageError(file + ": names no priors; give lines like flat = [\"sd~flat\"]");
  return grid;
}

std::string output_of(const std::string& output, const std::string& name) {
  if (output.empty()) return output;
  const std::filesystem::path path(output);
  std::filesystem::path own = path.parent_path() / path.stem();
  own += "-" + name;
  own += path.extension();
  return own.string();
}

Report grid_report(std::vector<NamedReport> reports) {
  Report all = reports.front().report;
  all.glance.draws->priors = priors_of(reports);
  all.glance.draws->sampler = sampler_of(reports);
  all.tidy.clear();
  all.notes.clear();
  // All models have the same rows.
  for (std::size_t i = 0; i < reports.front().report.tidy.size(); ++i) {
    for (const NamedReport& entry : reports) {
      TidyRow& row = all.tidy.emplace_back(entry.report.tidy[i]);
      row.prior = entry.name;
    }
  }
  all.loo.clear();
  for (std::size_t i = 0; i < reports.front().report.loo.size(); ++i) {
    for (const NamedReport& entry : reports) {
      LeaveOneOut& loo = all.loo.emplace_back(entry.report.loo[i]);
      loo.prior = entry.name;
    }
  }
  all.ppc.clear();
  for (const NamedReport& entry : reports) {
    for (PredictiveChecks checks : entry.report.ppc) {
      checks.prior = entry.name;
      all.ppc.push_back(std::move(checks));
    }
  }
  for (const NamedReport& entry : reports) {
    for (const std::string& note : entry.report.notes)
      all.notes.push_back(entry.name + ": " + note);
  }
  return all;
}

}  // namespace merit
