// SPDX-License-Identifier: MIT
#include "engine/inference/contrast.hpp"

#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"

namespace merit {
namespace {

/// ℓᵀβ + constant
struct Sum {
  Eigen::RowVectorXd row;
  double constant = 0.0;
};

class HypothesisReader {
 public:
  HypothesisReader(const std::string& text, std::span<const std::string> terms)
      : text_(text), terms_(terms) {}

  LinearHypothesis read() {
    std::vector<Sum> rows;
    do {
      Sum left = sum();
      if (!take('=')) {
        rows.push_back(std::move(left));
        continue;
      }
      do {
        Sum right = sum();
        rows.push_back({left.row - right.row, left.constant - right.constant});
        left = std::move(right);
      } while (take('='));
    } while (take(','));
    if (at_ < text_.size()) fail(fmt::format("'{}' is not expected", text_.substr(at_)));

    const auto q = static_cast<Eigen::Index>(rows.size());
    LinearHypothesis out{
        text_, Eigen::MatrixXd(q, std::ssize(terms_)), Eigen::VectorXd(q)};
    for (Eigen::Index i = 0; i < q; ++i) {
      const Sum& row = rows[static_cast<std::size_t>(i)];
      out.L.row(i) = row.row;
      out.value[i] = 0.0 - row.constant;  // no -0
      if (row.row.isZero(0.0)) fail("an equation has no coefficient in it");
    }
    const Eigen::MatrixXd scaled = out.L.rowwise().normalized();
    if (Eigen::ColPivHouseholderQR<Eigen::MatrixXd>(scaled).rank() < q)
      fail("its equations depend on each other; leave out those that follow from others");
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw UsageError(fmt::format("--contrast {}: {}", text_, problem));
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])))
      ++at_;
  }

  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// The longest coefficient name here.
  std::optional<Eigen::Index> take_term() {
    skip_blanks();
    const bool quoted = at_ < text_.size() && text_[at_] == '`';
    const std::string_view rest = std::string_view(text_).substr(at_ + (quoted ? 1 : 0));
    std::optional<std::size_t> best;
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      const std::string& term = terms_[k];
      if (!rest.starts_with(term) || !ends_well(rest, term, quoted)) continue;
      if (!best || term.size() > terms_[*best].size()) best = k;
    }
    if (!best) {
      if (quoted) fail(unknown(rest.substr(0, rest.find('`'))));
      return std::nullopt;
    }
    at_ += terms_[*best].size() + (quoted ? 2 : 0);
    return static_cast<Eigen::Index>(*best);
  }

  /// A name ends before what cannot belong to a name: "x" is not the beginning of "x2".
  static bool ends_well(std::string_view rest, const std::string& term, bool quoted) {
    if (term.empty()) return false;
    const char next = rest.size() > term.size() ? rest[term.size()] : '\0';
    if (quoted) return next == '`';
    const auto in_a_name = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' ||
             static_cast<unsigned char>(c) >= 0x80;
    };
    return !(in_a_name(term.back()) && in_a_name(next)) && next != ':' && next != '|';
  }

  std::optional<double> take_number() {
    skip_blanks();
    double value = 0.0;
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc() || begin == end || *begin == '-' || !std::isfinite(value))
      return std::nullopt;
    at_ += static_cast<std::size_t>(stop - begin);
    return value;
  }

  std::string unknown(std::string_view given) const {
    return fmt::format(
        "no coefficient is called '{}'; there are {}", given, fmt::join(terms_, ", "));
  }

  /// What stands at an unreadable place, up to the next sign.
  std::string word_here() const {
    const std::size_t end = text_.find_first_of(" +-*=,", at_);
    return text_.substr(at_, end == std::string::npos ? end : end - at_);
  }

  /// number, name, number * name, name * number
  void item(Sum& into, double sign) {
    std::optional<Eigen::Index> term = take_term();
    double factor = sign;
    if (term) {
      if (take('*')) {
        const std::optional<double> number = take_number();
        if (!number) fail("a number is missing behind '*'");
        factor *= *number;
      }
    } else {
      const std::optional<double> number = take_number();
      if (!number) {
        skip_blanks();
        const std::string word = word_here();
        fail(word.empty() ? "a coefficient or a number is missing" : unknown(word));
      }
      factor *= *number;
      if (!take('*')) {
        into.constant += factor;
        return;
      }
      term = take_term();
      if (!term) {
        skip_blanks();
        fail(unknown(word_here()));
      }
    }
    into.row[*term] += factor;
  }

  Sum sum() {
    Sum out{Eigen::RowVectorXd::Zero(std::ssize(terms_)), 0.0};
    double sign = take('-') ? -1.0 : 1.0;
    if (sign > 0.0) take('+');
    for (;;) {
      item(out, sign);
      if (take('+')) {
        sign = 1.0;
      } else if (take('-')) {
        sign = -1.0;
      } else {
        return out;
      }
    }
  }

  const std::string& text_;
  std::span<const std::string> terms_;
  std::size_t at_ = 0;
};

}  // namespace

LinearHypothesis parse_hypothesis(const std::string& text,
                                  std::span<const std::string> terms) {
  return HypothesisReader(text, terms).read();
}

}  // namespace merit
