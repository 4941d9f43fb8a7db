// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace merit {

/// What the parameters of a model are called, and where they stand in a row of estimates.
struct ParameterNames {
  std::vector<std::string>
      terms;  ///< p coefficients; behind them τ, and σ if there is one
  bool has_sigma = true;
  bool is_gaussian =
      true;  ///< σ is the level-one error's sd; else a quasi-likelihood's scale
  /// Of other families' level-one error; NaN: it has none, and there is no icc.
  double latent_variance = std::numeric_limits<double>::quiet_NaN();
};

/// A function of the parameters, as `--quantity` takes it: `b[x]` (or another term's name
/// between the brackets), `tau`, `sigma`, `icc`, numbers, + − * / ^, parentheses, and exp, log,
/// sqrt, abs, plogis.
///
/// icc is τ²/(τ² + σ²), of families other than the Gaussian on the latent scale. Elementary functions are
/// merit's own: the same bits on every processor.
class Quantity {
 public:
  /// @throws UsageError that shows the place of what cannot be read, or is no parameter
  Quantity(std::string text, const ParameterNames& names);

  const std::string& text() const { return text_; }

  /// NaN where it is undefined or infinite. @param estimates  a row: β, τ and perhaps σ
  double operator()(std::span<const double> estimates) const;

 private:
  enum class Step : std::uint8_t {
    number,
    estimate,
    negate,
    add,
    subtract,
    multiply,
    divide,
    power,
    exp,
    log,
    sqrt,
    abs,
    plogis
  };
  struct Instruction {
    Step step = Step::number;
    double value = 0.0;     ///< of a number
    std::size_t index = 0;  ///< of an estimate
  };
  class Compiler;

  std::string text_;
  std::vector<Instruction> program_;  ///< postfix: operands before what joins them
};

}  // namespace merit
