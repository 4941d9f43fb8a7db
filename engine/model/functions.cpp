// SPDX-License-Identifier: MIT
#include "engine/model/functions.hpp"

#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/model/elementary.hpp"

namespace merit {
namespace {

constexpr double kNA = std::numeric_limits<double>::quiet_NaN();

double truth(bool value) {
  return value ? 1.0 : 0.0;
}

constexpr bool kNumeric = false;
constexpr bool kTruth = true;

constexpr std::array<UnaryFunction, 8> kFunctions = {{
    {"log", [](double x) { return elementary::log(x); }, kNumeric},
    {"exp", [](double x) { return elementary::exp(x); }, kNumeric},
    {"sqrt", [](double x) { return std::sqrt(x); }, kNumeric},
    {"abs", [](double x) { return std::abs(x); }, kNumeric},
    {"log2", [](double x) { return elementary::log2(x); }, kNumeric},
    {"log10", [](double x) { return elementary::log10(x); }, kNumeric},
    {"log1p", [](double x) { return elementary::log1p(x); }, kNumeric},
    {"is.finite", [](double x) { return truth(std::isfinite(x)); }, kTruth},
}};

constexpr std::array<UnaryFunction, 3> kSigns = {{
    {"-", [](double x) { return -x; }, kNumeric},
    {"+", [](double x) { return x; }, kNumeric},
    {"!", [](double x) { return std::isnan(x) ? kNA : truth(x == 0.0); }, kTruth},
}};

template <typename Compare>
double compare(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? kNA : truth(Compare()(a, b));
}

// R's three-valued logic: one FALSE settles an "and", one TRUE an "or".
double logical_and(double a, double b) {
  if (a == 0.0 || b == 0.0) return 0.0;
  return std::isnan(a) || std::isnan(b) ? kNA : 1.0;
}

double logical_or(double a, double b) {
  const bool a_true = !std::isnan(a) && a != 0.0;
  const bool b_true = !std::isnan(b) && b != 0.0;
  if (a_true || b_true) return 1.0;
  return std::isnan(a) || std::isnan(b) ? kNA : 0.0;
}

constexpr std::array<BinaryOperator, 9> kArithmetic = {{
    {"+", [](double a, double b) { return a + b; }, kNumeric},
    {"-", [](double a, double b) { return a - b; }, kNumeric},
    {"*", [](double a, double b) { return a * b; }, kNumeric},
    {"/", [](double a, double b) { return a / b; }, kNumeric},
    {"^", [](double a, double b) { return elementary::power(a, b); }, kNumeric},
    {"&", logical_and, kTruth},
    {"&&", logical_and, kTruth},
    {"|", logical_or, kTruth},
    {"||", logical_or, kTruth},
}};

constexpr std::array<BinaryOperator, 6> kComparisons = {{
    {"==", compare<std::equal_to<double>>, kTruth},
    {"!=", compare<std::not_equal_to<double>>, kTruth},
    {"<", compare<std::less<double>>, kTruth},
    {"<=", compare<std::less_equal<double>>, kTruth},
    {">", compare<std::greater<double>>, kTruth},
    {">=", compare<std::greater_equal<double>>, kTruth},
}};

template <typename Entry, std::size_t n>
const Entry* find(const std::array<Entry, n>& entries,
                  std::string_view Entry::*key,
                  std::string_view wanted) {
  for (const Entry& entry : entries) {
    if (entry.*key == wanted) return &entry;
  }
  return nullptr;
}

}  // namespace

const UnaryFunction kIsNa = {
    "is.na", [](double x) { return truth(std::isnan(x)); }, kTruth};

const UnaryFunction* find_function(std::string_view name) {
  return find(kFunctions, &UnaryFunction::name, name);
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const UnaryFunction& function : kFunctions)
    names.emplace_back(function.name);
  return names;
}

const UnaryFunction* find_prefix(std::string_view sign) {
  return find(kSigns, &UnaryFunction::name, sign);
}

const BinaryOperator* find_arithmetic(std::string_view sign) {
  return find(kArithmetic, &BinaryOperator::sign, sign);
}

const BinaryOperator* find_comparison(std::string_view sign) {
  return find(kComparisons, &BinaryOperator::sign, sign);
}

}  // namespace merit
