// SPDX-License-Identifier: MIT
#include "engine/model/lexer.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace merit {
namespace {

// Longer signs first. "=" has no meaning of its own: the parser explains "==".
constexpr std::array<std::string_view, 24> kSigns = {
    "%in%", "==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "^",
    ":",    "<",  ">",  "&",  "|",  "!",  "~",  "(", ")", ",", "=", "%%"};

constexpr std::size_t kMaxTokens = 5'000;  // bounds the depth of the tree

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool begins_name(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalpha(byte) != 0 || c == '.' || byte >= 0x80;
}

bool continues_name(char c) {
  return begins_name(c) || is_digit(c) || c == '_';
}

class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

  std::vector<Token> tokenize() {
    std::vector<Token> tokens;
    do {
      if (tokens.size() >= kMaxTokens) {
        throw error_at(source_, position_, fmt::format("more than {} words", kMaxTokens));
      }
      tokens.push_back(next());
    } while (tokens.back().kind != Token::Kind::end);
    return tokens;
  }

 private:
  Token next() {
    while (position_ < text_.size() &&
           std::isspace(static_cast<unsigned char>(text_[position_])) != 0) {
      ++position_;
    }
    Token token;
    token.position = position_;
    if (position_ == text_.size()) return token;
    const char c = text_[position_];
    const bool point_digit =
        c == '.' && position_ + 1 < text_.size() && is_digit(text_[position_ + 1]);
    if (is_digit(c) || point_digit) return number(std::move(token));
    if (c == '"' || c == '\'' || c == '`') return quoted(std::move(token), c);
    if (begins_name(c)) return name(std::move(token));
    return sign(std::move(token));
  }

  Token number(Token token) {
    const char* begin = text_.data() + position_;
    const auto [end, error] =
        std::from_chars(begin, text_.data() + text_.size(), token.value);
    if (error != std::errc()) {
      throw error_at(source_, position_, "this number is outside the range of a double");
    }
    position_ += static_cast<std::size_t>(end - begin);
    token.kind = Token::Kind::number;
    token.word = format_number(token.value);
    if (position_ < text_.size() && text_[position_] == 'L') {  // R's integers
      ++position_;
      token.word = level_text(token.value) + "L";
    }
    if (position_ < text_.size() && continues_name(text_[position_])) {
      throw error_at(
          source_,
          position_,
          "a name cannot begin with a digit: put it in backquotes, `2nd wave`");
    }
    return token;
  }

  Token quoted(Token token, char quote) {
    for (++position_; position_ < text_.size() && text_[position_] != quote;
         ++position_) {
      if (text_[position_] == '\\' && position_ + 1 < text_.size()) ++position_;
      token.word += text_[position_];
    }
    if (position_ == text_.size()) {
      throw error_at(
          source_, token.position, fmt::format("this {} is never closed", quote));
    }
    ++position_;
    token.kind = quote == '`' ? Token::Kind::name : Token::Kind::text;
    if (quote == '`' && token.word.empty()) {
      throw error_at(source_, token.position, "an empty name");
    }
    return token;
  }

  Token name(Token token) {
    const std::size_t begin = position_;
    while (position_ < text_.size() && continues_name(text_[position_]))
      ++position_;
    if (position_ < text_.size() && text_[position_] == '[') skip_brackets();
    token.kind = Token::Kind::name;
    token.word = text_.substr(begin, position_ - begin);
    return token;
  }

  /// "[I(x^2)]" behind a name belongs to it.
  void skip_brackets() {
    const std::size_t begin = position_;
    int depth = 0;
    do {
      if (position_ == text_.size())
        throw error_at(source_, begin, "'[' without its ']'");
      depth += text_[position_] == '[';
      depth -= text_[position_] == ']';
      ++position_;
    } while (depth > 0);
  }

  Token sign(Token token) {
    for (const std::string_view candidate : kSigns) {
      if (std::string_view(text_).substr(position_, candidate.size()) == candidate) {
        position_ += candidate.size();
        token.kind = Token::Kind::sign;
        token.word = candidate;
        return token;
      }
    }
    throw error_at(
        source_,
        position_,
        fmt::format("'{}' begins no number, name, text or operator", text_[position_]));
  }

  const Source& source_;
  const std::string& text_;
  std::size_t position_ = 0;
};

}  // namespace

std::vector<Token> tokenize(const Source& source) {
  return Lexer(source).tokenize();
}

std::string describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::end:
      return "the end";
    case Token::Kind::text:
      return fmt::format("the text \"{}\"", token.word);
    default:
      return fmt::format("'{}'", token.word);
  }
}

}  // namespace merit
