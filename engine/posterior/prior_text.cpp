// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "engine/model/elementary.hpp"
#include "engine/posterior/prior.hpp"

namespace merit {
namespace {

constexpr const char* kLocations =
    "flat, normal(location, scale), student_t(df, location, scale), cauchy(location, "
    "scale), uniform(low, high)";
constexpr const char* kScales =
    "flat, half_t(df, scale), half_cauchy(scale), half_normal(scale), exponential(rate), "
    "pc(U, alpha), uniform(0, high), gamma(shape, rate), inv_gamma(shape, scale) of the "
    "parameter, inv_gamma_var(shape, scale) of its square, flat_var";

struct Call {
  std::string name;
  std::vector<double> numbers;
};

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  const std::size_t last = text.find_last_not_of(" \t");
  return std::string(text.substr(first, last - first + 1));
}

class Reader {
 public:
  Reader(std::string_view text, PriorRole role) : text_(trimmed(text)), role_(role) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw UsageError(fmt::format("--prior: {}: {}; accepted are {}",
                                 text_.empty() ? "nothing after ~" : text_,
                                 what,
                                 role_ == PriorRole::location ? kLocations : kScales));
  }

  Call call() const {
    const std::size_t open = text_.find('(');
    Call out{trimmed(text_.substr(0, open)), {}};
    if (open == std::string::npos) return out;
    if (text_.back() != ')') fail("a closing bracket is missing");
    std::string_view rest(text_);
    rest = rest.substr(open + 1, rest.size() - open - 2);
    while (!trimmed(rest).empty()) {
      const std::size_t comma = rest.find(',');
      const std::string word = trimmed(rest.substr(0, comma));
      double value = 0.0;
      const char* const end = word.data() + word.size();
      const auto [stop, error] = std::from_chars(word.data(), end, value);
      if (error != std::errc() || stop != end || !std::isfinite(value)) {
        fail(fmt::format("{} is no number", word.empty() ? "(nothing)" : word));
      }
      out.numbers.push_back(value);
      rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    }
    return out;
  }

  void want(const Call& call, std::size_t count, const char* what) const {
    if (call.numbers.size() != count) {
      fail(fmt::format("{} takes {} ({})", call.name, count, what));
    }
  }
  void positive(const char* what, double value) const {
    if (!(value > 0.0))
      fail(fmt::format("its {} is {}, and has to be positive", what, value));
  }
  void centred(double location) const {
    if (location != 0.0) {
      fail(fmt::format("its location is {}; for a positive parameter it is 0", location));
    }
  }

 private:
  std::string text_;
  PriorRole role_;
};

Prior location_prior(const Reader& reader, const Call& call) {
  const std::vector<double>& v = call.numbers;
  if (call.name == "flat") {
    reader.want(call, 0, "no numbers");
    return {};
  }
  if (call.name == "normal") {
    reader.want(call, 2, "location, scale");
    reader.positive("scale", v[1]);
    return make_prior(PriorKind::normal, v[0], v[1]);
  }
  if (call.name == "student_t") {
    reader.want(call, 3, "df, location, scale");
    reader.positive("df", v[0]);
    reader.positive("scale", v[2]);
    return make_prior(PriorKind::student_t, v[0], v[1], v[2]);
  }
  if (call.name == "cauchy") {
    reader.want(call, 2, "location, scale");
    reader.positive("scale", v[1]);
    return make_prior(PriorKind::student_t, 1.0, v[0], v[1]);
  }
  if (call.name == "uniform") {
    reader.want(call, 2, "low, high");
    if (!(v[0] < v[1])) reader.fail("its low end is not below its high end");
    return make_prior(PriorKind::uniform, v[0], v[1]);
  }
  reader.fail(call.name + " is no prior of a coefficient or intercept");
}

Prior two_numbers(const Reader& reader,
                  const Call& call,
                  PriorKind kind,
                  const char* first,
                  const char* second) {
  reader.want(call, 2, fmt::format("{}, {}", first, second).c_str());
  reader.positive(first, call.numbers[0]);
  reader.positive(second, call.numbers[1]);
  return make_prior(kind, call.numbers[0], call.numbers[1]);
}

Prior scale_prior(const Reader& reader, const Call& call) {
  const std::vector<double>& v = call.numbers;
  const std::string& name = call.name;
  if (name == "flat" || name == "flat_var") {
    reader.want(call, 0, "no numbers");
    return make_prior(name == "flat" ? PriorKind::flat : PriorKind::flat_variance);
  }
  if (name == "half_t" || name == "half_student_t") {
    return two_numbers(reader, call, PriorKind::half_student_t, "df", "scale");
  }
  if (name == "student_t") {
    reader.want(call, 3, "df, 0, scale");
    reader.centred(v[1]);
    reader.positive("df", v[0]);
    reader.positive("scale", v[2]);
    return make_prior(PriorKind::half_student_t, v[0], v[2]);
  }
  if (name == "half_cauchy" || name == "cauchy") {
    const bool half = name == "half_cauchy";
    reader.want(call, half ? 1 : 2, half ? "scale" : "0, scale");
    if (!half) reader.centred(v[0]);
    reader.positive("scale", v.back());
    return make_prior(PriorKind::half_student_t, 1.0, v.back());
  }
  if (name == "half_normal" || name == "normal") {
    const bool half = name == "half_normal";
    reader.want(call, half ? 1 : 2, half ? "scale" : "0, scale");
    if (!half) reader.centred(v[0]);
    reader.positive("scale", v.back());
    return make_prior(PriorKind::half_normal, v.back());
  }
  if (name == "exponential") {
    reader.want(call, 1, "rate");
    reader.positive("rate", v[0]);
    return make_prior(PriorKind::exponential, v[0]);
  }
  if (name == "pc") {
    reader.want(call, 2, "U, alpha, with P(parameter > U) = alpha");
    reader.positive("U", v[0]);
    if (!(v[1] > 0.0 && v[1] < 1.0)) reader.fail("its alpha is not between 0 and 1");
    return make_prior(PriorKind::exponential, -elementary::log(v[1]) / v[0]);
  }
  if (name == "uniform") {
    reader.want(call, 2, "0, high");
    if (v[0] != 0.0) reader.fail("its low end is not 0");
    reader.positive("high end", v[1]);
    return make_prior(PriorKind::uniform, 0.0, v[1]);
  }
  if (name == "gamma") {
    return two_numbers(reader, call, PriorKind::gamma, "shape", "rate");
  }
  if (name == "inv_gamma") {
    return two_numbers(reader, call, PriorKind::inverse_gamma, "shape", "scale");
  }
  if (name == "inv_gamma_var") {
    return two_numbers(reader, call, PriorKind::inverse_gamma_variance, "shape", "scale");
  }
  reader.fail(name + " is no prior of a standard deviation or dispersion");
}

}  // namespace

Prior parse_prior(std::string_view text, PriorRole role) {
  const Reader reader(text, role);
  const Call call = reader.call();
  return role == PriorRole::location ? location_prior(reader, call)
                                     : scale_prior(reader, call);
}

std::string text_of(const Prior& prior, PriorRole role) {
  const bool scale = role == PriorRole::scale;
  switch (prior.kind) {
    case PriorKind::flat:
      return "flat";
    case PriorKind::flat_variance:
      return "flat_var";
    case PriorKind::normal:
      return fmt::format("normal({}, {})", prior.a, prior.b);
    case PriorKind::student_t:
      return fmt::format("student_t({}, {}, {})", prior.a, prior.b, prior.c);
    case PriorKind::uniform:
      return fmt::format("uniform({}, {})", prior.a, prior.b);
    case PriorKind::half_student_t:
      return prior.a == 1.0 ? fmt::format("half_cauchy({})", prior.b)
                            : fmt::format("half_t({}, {})", prior.a, prior.b);
    case PriorKind::half_normal:
      return fmt::format("half_normal({})", prior.a);
    case PriorKind::exponential:
      return fmt::format("exponential({})", prior.a);
    case PriorKind::gamma:
      return fmt::format("gamma({}, {})", prior.a, prior.b);
    case PriorKind::inverse_gamma:
      return fmt::format("inv_gamma({}, {})", prior.a, prior.b);
    case PriorKind::inverse_gamma_variance:
      return fmt::format("inv_gamma_var({}, {})", prior.a, prior.b);
  }
  return scale ? "?" : "";
}

}  // namespace merit
