// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/model/text.hpp"

namespace merit {

/// A word of an expression.
struct Token {
  enum class Kind { number, text, name, sign, end };

  Kind kind = Kind::end;
  /// Without quotes; of a number and a sign, as it stands. A name can end in brackets, b[x].
  std::string word;
  double value = 0.0;
  std::size_t position = 0;  ///< byte offset in the source

  bool is_sign(const char* sign) const { return kind == Kind::sign && word == sign; }
};

/// Splits the source into words; the last one is `end`.
/// @throws UsageError for a character that begins no word, or a quote without its end
std::vector<Token> tokenize(const Source& source);

/// The token for an error message: "')'", "the end".
std::string describe(const Token& token);

}  // namespace merit
