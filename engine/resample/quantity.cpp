// SPDX-License-Identifier: MIT
#include "engine/resample/quantity.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "engine/model/elementary.hpp"
#include "engine/model/expression.hpp"

namespace merit {

class Quantity::Compiler {
 public:
  Compiler(const Source& source, const ParameterNames& names)
      : source_(source), names_(names) {}

  std::vector<Instruction> compile(const Expression& expression) {
    append(expression);
    return std::move(program_);
  }

 private:
  void append(const Expression& e) {
    switch (e.kind) {
      case Expression::Kind::number:
        return number(e.value);
      case Expression::Kind::name:
        return name(e);
      case Expression::Kind::call:
        return call(e);
      case Expression::Kind::logical:
      case Expression::Kind::text:
        break;
    }
    throw error_at(source_, e.position, "a quantity is made of numbers and parameters");
  }

  void number(double value) {
    program_.push_back({.step = Step::number, .value = value});
  }
  void estimate(std::size_t index) {
    program_.push_back({.step = Step::estimate, .index = index});
  }
  void square(std::size_t index) {
    estimate(index);
    estimate(index);
    step(Step::multiply);
  }
  void step(Step step) { program_.push_back({.step = step}); }

  std::size_t tau() const { return names_.terms.size(); }
  std::size_t sigma() const { return names_.terms.size() + 1; }

  void name(const Expression& e) {
    if (e.word == "tau") return estimate(tau());
    if (e.word == "sigma") {
      if (names_.has_sigma) return estimate(sigma());
      throw error_at(source_, e.position, "this model has no residual sd sigma");
    }
    if (e.word == "icc") return icc(e);
    if (e.word.starts_with("b[")) {
      const std::string term = e.word.substr(2, e.word.size() - 3);
      const auto found = std::find(names_.terms.begin(), names_.terms.end(), term);
      if (found != names_.terms.end())
        return estimate(static_cast<std::size_t>(found - names_.terms.begin()));
      throw error_at(
          source_,
          e.position,
          fmt::format("no coefficient '{}'{}", term, did_you_mean(term, names_.terms)));
    }
    throw error_at(source_,
                   e.position,
                   fmt::format("'{}' is no parameter; there are b[TERM], tau, {}icc",
                               e.word,
                               names_.has_sigma ? "sigma, " : ""));
  }

  void icc(const Expression& e) {
    if (!names_.is_gaussian && std::isnan(names_.latent_variance)) {
      throw error_at(
          source_, e.position, "this family has no level-one variance, hence no icc");
    }
    square(tau());
    square(tau());
    if (names_.is_gaussian) {
      square(sigma());
    } else {
      number(names_.latent_variance);
    }
    step(Step::add);
    step(Step::divide);
  }

  void call(const Expression& e) {
    struct Function {
      const char* name;
      std::size_t num_args;
      Step step;
    };
    static constexpr Function kFunctions[] = {{"-", 1, Step::negate},
                                              {"+", 2, Step::add},
                                              {"-", 2, Step::subtract},
                                              {"*", 2, Step::multiply},
                                              {"/", 2, Step::divide},
                                              {"^", 2, Step::power},
                                              {"exp", 1, Step::exp},
                                              {"log", 1, Step::log},
                                              {"sqrt", 1, Step::sqrt},
                                              {"abs", 1, Step::abs},
                                              {"plogis", 1, Step::plogis}};
    if (e.is_call("(", 1) || e.is_call("+", 1)) return append(e.args.front());
    for (const Function& function : kFunctions) {
      if (!e.is_call(function.name, function.num_args)) continue;
      for (const Expression& arg : e.args)
        append(arg);
      return step(function.step);
    }
    throw error_at(
        source_,
        e.position,
        fmt::format("'{}' with {} argument{}: a quantity takes + - * / ^, and exp, "
                    "log, sqrt, abs, plogis of one",
                    e.word,
                    e.args.size(),
                    e.args.size() == 1 ? "" : "s"));
  }

  const Source& source_;
  const ParameterNames& names_;
  std::vector<Instruction> program_;
};

Quantity::Quantity(std::string text, const ParameterNames& names)
    : text_(std::move(text)) {
  const Source source{"--quantity", text_};
  program_ = Compiler(source, names).compile(parse_expression(source));
}

double Quantity::operator()(std::span<const double> estimates) const {
  static thread_local std::vector<double> stack;
  stack.clear();
  const auto join = [](auto&& function) {
    const double right = stack.back();
    stack.pop_back();
    stack.back() = function(stack.back(), right);
  };
  for (const Instruction& instruction : program_) {
    switch (instruction.step) {
      case Step::number:
        stack.push_back(instruction.value);
        break;
      case Step::estimate:
        stack.push_back(estimates[instruction.index]);
        break;
      case Step::negate:
        stack.back() = -stack.back();
        break;
      case Step::add:
        join([](double a, double b) { return a + b; });
        break;
      case Step::subtract:
        join([](double a, double b) { return a - b; });
        break;
      case Step::multiply:
        join([](double a, double b) { return a * b; });
        break;
      case Step::divide:
        join([](double a, double b) { return a / b; });
        break;
      case Step::power:
        join(elementary::power);
        break;
      case Step::exp:
        stack.back() = elementary::exp(stack.back());
        break;
      case Step::log:
        stack.back() = elementary::log(stack.back());
        break;
      case Step::sqrt:
        stack.back() = std::sqrt(stack.back());
        break;
      case Step::abs:
        stack.back() = std::abs(stack.back());
        break;
      case Step::plogis:
        stack.back() = 1.0 / (1.0 + elementary::exp(-stack.back()));
        break;
    }
  }
  const double value = stack.back();
  return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace merit
