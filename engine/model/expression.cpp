// SPDX-License-Identifier: MIT
#include "engine/model/expression.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/model/lexer.hpp"

namespace merit {
namespace {

// R's precedence, ?Syntax, loosest first.
enum Precedence {
  kNone,
  kTilde,
  kOr,
  kAnd,
  kNot,
  kComparison,
  kSum,
  kProduct,
  kIn,
  kColon,
  kSign,  // unary minus
  kPower,
};

struct Operator {
  std::string_view sign;
  Precedence precedence;
  bool spaced;  // how R deparses it
};

constexpr std::array<Operator, 18> kOperators = {{
    {"~", kTilde, true},
    {"|", kOr, true},
    {"||", kOr, true},
    {"&", kAnd, true},
    {"&&", kAnd, true},
    {"==", kComparison, true},
    {"!=", kComparison, true},
    {"<", kComparison, true},
    {"<=", kComparison, true},
    {">", kComparison, true},
    {">=", kComparison, true},
    {"+", kSum, true},
    {"-", kSum, true},
    {"*", kProduct, true},
    {"/", kProduct, false},
    {"%in%", kIn, true},
    {":", kColon, false},
    {"^", kPower, false},
}};

const Operator* find_operator(std::string_view sign) {
  const auto found = std::find_if(kOperators.begin(),
                                  kOperators.end(),
                                  [&](const auto& op) { return op.sign == sign; });
  return found == kOperators.end() ? nullptr : &*found;
}

// Top-down operator precedence (Pratt 1973).
class Parser {
 public:
  explicit Parser(const Source& source) : source_(source), tokens_(tokenize(source)) {}

  Expression parse() {
    if (current().kind == Token::Kind::end) {
      throw UsageError(source_.what + ": is empty");
    }
    Expression whole = expression(kNone);
    if (current().kind != Token::Kind::end) {
      throw unexpected("an operator or the end");
    }
    return whole;
  }

 private:
  static constexpr int kMaxNesting = 200;

  const Token& current() const { return tokens_[next_]; }
  Token take() { return tokens_[next_++]; }

  UsageError unexpected(std::string_view expected) const {
    std::string message =
        fmt::format("expected {}, found {}", expected, describe(current()));
    if (current().is_sign("=")) message += " (== compares)";
    return error_at(source_, current().position, message);
  }

  // What binds tighter than `limit`.
  Expression expression(Precedence limit) {
    if (++nesting_ > kMaxNesting) {
      throw error_at(source_, current().position, "nested too deeply");
    }
    Expression left = operand();
    while (true) {
      const Operator* op =
          current().kind == Token::Kind::sign ? find_operator(current().word) : nullptr;
      if (op == nullptr || op->precedence <= limit) break;
      const Token sign = take();
      // ^ is right associative: its right side may hold another ^.
      const Precedence right_limit = op->precedence == kPower ? kSign : op->precedence;
      Expression right = expression(right_limit);
      left = call(sign, {std::move(left), std::move(right)});
      const Operator* following =
          current().kind == Token::Kind::sign ? find_operator(current().word) : nullptr;
      if (op->precedence == kComparison && following != nullptr &&
          following->precedence == kComparison) {
        throw error_at(
            source_, current().position, "comparisons do not chain: write 1 < x & x < 3");
      }
    }
    --nesting_;
    return left;
  }

  Expression operand() {
    if (current().is_sign("-") || current().is_sign("+") || current().is_sign("!") ||
        current().is_sign("~")) {
      const Token sign = take();
      const Precedence limit = sign.word == "!"   ? kNot
                               : sign.word == "~" ? kTilde
                                                  : kSign;
      return call(sign, {expression(limit)});
    }
    if (current().is_sign("(")) {
      const Token open = take();
      Expression inner = expression(kNone);
      expect_close(open);
      return call(open, {std::move(inner)});
    }
    switch (current().kind) {
      case Token::Kind::number:
      case Token::Kind::text:
        return literal(take());
      case Token::Kind::name:
        return name_or_call();
      default:
        throw unexpected("a value");
    }
  }

  static Expression literal(Token token) {
    Expression leaf;
    leaf.kind = token.kind == Token::Kind::number ? Expression::Kind::number
                                                  : Expression::Kind::text;
    leaf.word = std::move(token.word);
    leaf.value = token.value;
    leaf.position = token.position;
    return leaf;
  }

  static Expression call(const Token& function, std::vector<Expression> args) {
    Expression node;
    node.kind = Expression::Kind::call;
    node.word = function.word;
    node.args = std::move(args);
    node.position = function.position;
    return node;
  }

  Expression name_or_call() {
    const Token name = take();
    const bool quoted = source_.text[name.position] == '`';
    if (current().is_sign("(")) {
      if (quoted) throw unexpected("an operator: a name in backquotes is a column");
      return call(name, arguments());
    }
    Expression leaf;
    leaf.kind = Expression::Kind::name;
    leaf.word = name.word;
    leaf.position = name.position;
    if (quoted) return leaf;
    if (name.word == "TRUE" || name.word == "FALSE") {
      leaf.kind = Expression::Kind::logical;
      leaf.value = name.word == "TRUE" ? 1.0 : 0.0;
    } else if (name.word == "Inf") {
      leaf.kind = Expression::Kind::number;
      leaf.value = std::numeric_limits<double>::infinity();
    } else if (name.word == "NA" || name.word == "NaN" || name.word == "NULL") {
      throw error_at(
          source_,
          name.position,
          fmt::format("{} cannot be computed with: is.na(x) asks for missing values",
                      name.word));
    }
    return leaf;
  }

  std::vector<Expression> arguments() {
    const Token open = take();
    std::vector<Expression> args;
    if (current().is_sign(")")) {
      take();
      return args;
    }
    args.push_back(expression(kNone));
    while (current().is_sign(",")) {
      take();
      args.push_back(expression(kNone));
    }
    expect_close(open);
    return args;
  }

  void expect_close(const Token& open) {
    if (!current().is_sign(")")) {
      throw unexpected(fmt::format("an operator or ')' for the '(' at character {}",
                                   open.position + 1));
    }
    take();
  }

  const Source& source_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int nesting_ = 0;
};

void append_names(const Expression& expression, std::vector<std::string>& names) {
  if (expression.kind == Expression::Kind::name &&
      std::find(names.begin(), names.end(), expression.word) == names.end()) {
    names.push_back(expression.word);
  }
  for (const Expression& arg : expression.args)
    append_names(arg, names);
}

}  // namespace

Expression parse_expression(const Source& source) {
  return Parser(source).parse();
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string deparse(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::name:
      return quote_name(expression.word);
    case Expression::Kind::text:
      return quoted(expression.word);
    case Expression::Kind::number:
    case Expression::Kind::logical:
      return expression.word;
    case Expression::Kind::call:
      break;
  }
  const std::vector<Expression>& args = expression.args;
  if (expression.word == "(") return fmt::format("({})", deparse(args[0]));
  const Operator* op = find_operator(expression.word);
  if (args.size() == 1 && (op != nullptr || expression.word == "!")) {
    return expression.word + deparse(args[0]);
  }
  if (op != nullptr) {
    const char* space = op->spaced ? " " : "";
    return fmt::format(
        "{}{}{}{}{}", deparse(args[0]), space, op->sign, space, deparse(args[1]));
  }
  std::string text = quote_name(expression.word) + "(";
  for (std::size_t i = 0; i < args.size(); ++i) {
    text += (i > 0 ? ", " : "") + deparse(args[i]);
  }
  return text + ")";
}

std::vector<std::string> names_in(const Expression& expression) {
  std::vector<std::string> names;
  append_names(expression, names);
  return names;
}

}  // namespace merit
