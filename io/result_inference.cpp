// SPDX-License-Identifier: MIT
#include "io/result_inference.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/error.hpp"
#include "io/result_parts.hpp"

namespace merit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The method of this name. @throws IoError if there is none
template <class Method, std::size_t n>
Method method_named(const hdf5::Group& group,
                    const std::string& attribute,
                    const std::array<Method, n>& all) {
  const auto word = group.attribute<std::string>(attribute);
  for (const Method method : all)
    if (word == name(method)) return method;
  throw IoError(fmt::format(
      "{}: {} is '{}', which this merit does not know", group.name(), attribute, word));
}

/// One column of the tests; NaN where a test has no such value.
template <class Member>
std::vector<double> column(const std::vector<TestResult>& tests, Member member) {
  std::vector<double> out;
  for (const TestResult& test : tests)
    out.push_back((test.*member).value_or(kNaN));
  return out;
}

std::optional<double> value(double stored) {
  return std::isnan(stored) ? std::nullopt : std::optional<double>(stored);
}

/// /profile: curves lie one behind the other.
void write_profile(hdf5::Group& root, const StoredFit& stored) {
  if (stored.profile.empty()) return;
  hdf5::Group group = root.create_group("profile");
  group.set_attribute("level", stored.profile_level);
  std::vector<std::string> term;
  std::vector<std::int64_t> points;
  std::vector<double> estimate, low, high, values, zetas;
  for (const ProfiledParameter& parameter : stored.profile) {
    term.push_back(parameter.term);
    estimate.push_back(parameter.estimate);
    low.push_back(parameter.low);
    high.push_back(parameter.high);
    points.push_back(std::ssize(parameter.value));
    values.insert(values.end(), parameter.value.begin(), parameter.value.end());
    zetas.insert(zetas.end(), parameter.zeta.begin(), parameter.zeta.end());
  }
  group.write("term", term);
  group.write("estimate", estimate);
  group.write("low", low);
  group.write("high", high);
  group.write("points", points);
  group.write("value", values);
  group.write("zeta", zetas);
}

void read_profile(const hdf5::Group& root, StoredFit& stored) {
  if (!root.exists("profile")) return;
  const hdf5::Group group = root.group("profile");
  stored.profile_level = group.attribute<double>("level");
  const hdf5::Dataset term = group.dataset("term");
  const std::int64_t count = term.num_rows();
  const auto numbers = [&](const char* dataset, std::int64_t rows) {
    return open_shaped(group, dataset, {rows}).read<double>();
  };
  check_shape(term, {count});
  const std::vector<std::string> terms = term.read_strings();
  const auto estimate = numbers("estimate", count), low = numbers("low", count),
             high = numbers("high", count);
  const std::vector<std::int64_t> points =
      open_shaped(group, "points", {count}).read<std::int64_t>();
  const std::int64_t all = group.dataset("value").num_rows();
  const auto value = numbers("value", all), zeta = numbers("zeta", all);
  std::int64_t first = 0;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    if (points[k] < 0 || points[k] > all - first) {
      throw IoError(fmt::format(
          "{}: damaged: {} points of {} curves", group.name(), all, terms.size()));
    }
    const auto slice = [&](const std::vector<double>& from) {
      return std::vector<double>(from.begin() + first, from.begin() + first + points[k]);
    };
    stored.profile.push_back({.term = terms[k],
                              .estimate = estimate[k],
                              .low = low[k],
                              .high = high[k],
                              .value = slice(value),
                              .zeta = slice(zeta)});
    first += points[k];
  }
}

}  // namespace

void write_inference(hdf5::Group root, const StoredFit& stored) {
  if (!stored.inference) return;
  const CoefficientInference& inference = *stored.inference;
  const Eigen::Index p = inference.df.size();
  hdf5::Group group = root.create_group("inference");
  group.set_attribute("df", std::string(name(inference.df_method)));
  group.set_attribute("vcov", std::string(name(inference.vcov_method)));
  group.write("df", std::vector<double>(inference.df.data(), inference.df.data() + p));
  hdf5::Layout layout;
  layout.shape = {p, p};
  // Symmetric: columns are rows.
  group.create_dataset<double>("vcov", layout)
      .write_rows(0,
                  p,
                  std::span<const double>(inference.vcov.data(),
                                          static_cast<std::size_t>(p * p)));
  write_profile(root, stored);
  if (stored.tests.empty()) return;

  hdf5::Group tests = root.create_group("tests");
  const auto text = [&](const std::string& dataset, std::string TestResult::*member) {
    std::vector<std::string> out;
    for (const TestResult& test : stored.tests)
      out.push_back(test.*member);
    tests.write(dataset, out);
  };
  text("kind", &TestResult::kind);
  text("hypothesis", &TestResult::hypothesis);
  text("method", &TestResult::method);
  text("statistic_name", &TestResult::statistic_name);
  tests.write("estimate", column(stored.tests, &TestResult::estimate));
  tests.write("null_value", column(stored.tests, &TestResult::null_value));
  tests.write("std_error", column(stored.tests, &TestResult::std_error));
  tests.write("num_df", column(stored.tests, &TestResult::num_df));
  tests.write("den_df", column(stored.tests, &TestResult::den_df));
  std::vector<double> statistic, p_value;
  for (const TestResult& test : stored.tests) {
    statistic.push_back(test.statistic);
    p_value.push_back(test.p_value);
  }
  tests.write("statistic", statistic);
  tests.write("p_value", p_value);
}

void read_inference(const hdf5::Group& root, StoredFit& stored) {
  if (!root.exists("inference")) return;
  const hdf5::Group group = root.group("inference");
  const std::int64_t p = std::ssize(stored.terms);
  CoefficientInference& inference = stored.inference.emplace();
  inference.df_method = method_named(group,
                                     "df",
                                     std::array{DfMethod::normal,
                                                DfMethod::residual,
                                                DfMethod::between_within,
                                                DfMethod::satterthwaite,
                                                DfMethod::kenward_roger});
  inference.vcov_method = method_named(group,
                                       "vcov",
                                       std::array{VcovMethod::model,
                                                  VcovMethod::cr0,
                                                  VcovMethod::cr1,
                                                  VcovMethod::cr2,
                                                  VcovMethod::cr3});
  const std::vector<double> df = open_shaped(group, "df", {p}).read<double>();
  inference.df = Eigen::Map<const Eigen::VectorXd>(df.data(), p);
  const std::vector<double> vcov = open_shaped(group, "vcov", {p, p}).read<double>();
  inference.vcov = Eigen::Map<const Eigen::MatrixXd>(vcov.data(), p, p);
  read_profile(root, stored);
  if (!root.exists("tests")) return;

  const hdf5::Group tests = root.group("tests");
  const std::int64_t count = tests.dataset("kind").num_rows();
  const auto text = [&](const char* dataset) {
    return open_shaped(tests, dataset, {count}).read_strings();
  };
  const auto number = [&](const char* dataset) {
    return open_shaped(tests, dataset, {count}).read<double>();
  };
  const auto kind = text("kind"), hypothesis = text("hypothesis"),
             method = text("method"), statistic_name = text("statistic_name");
  const auto estimate = number("estimate"), null_value = number("null_value"),
             std_error = number("std_error"), num_df = number("num_df"),
             den_df = number("den_df"), statistic = number("statistic"),
             p_value = number("p_value");
  for (std::size_t i = 0; i < kind.size(); ++i) {
    stored.tests.push_back({.kind = kind[i],
                            .hypothesis = hypothesis[i],
                            .method = method[i],
                            .estimate = value(estimate[i]),
                            .null_value = value(null_value[i]),
                            .std_error = value(std_error[i]),
                            .statistic_name = statistic_name[i],
                            .statistic = statistic[i],
                            .num_df = value(num_df[i]),
                            .den_df = value(den_df[i]),
                            .p_value = p_value[i]});
  }
}

}  // namespace merit
