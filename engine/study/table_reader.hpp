// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "engine/study/problems.hpp"
#include "engine/study/toml_tree.hpp"

namespace merit {

/// Numbers that a key may have, as a sentence and as a test.
struct NumberRange {
  double low, high;
  bool open_low = false, open_high = false;  ///< the bound itself is out
  bool whole = false;

  bool holds(double value) const;
  std::string text() const;  ///< "a whole number from 2 to 1000000"
};

inline constexpr NumberRange kAnyNumber{.low = -std::numeric_limits<double>::infinity(),
                                        .high = std::numeric_limits<double>::infinity()};
inline constexpr NumberRange kNotNegative{.low = 0.0, .high = kAnyNumber.high};
inline constexpr NumberRange kPositive{
    .low = 0.0, .high = kAnyNumber.high, .open_low = true};
inline constexpr NumberRange kShare{
    .low = 0.0, .high = 1.0, .open_low = true, .open_high = true};

/// Numbers under a key: one, or a list of them (levels of a factor).
struct NumberList {
  std::vector<double> values;
  int line = 0;
};

/// Reads one table of a study file; whatever is wrong goes to the problems, and what it
/// returns then is what to go on with.
class TableReader {
 public:
  /// Notes keys that are none of `known`, with the nearest one.
  /// @param name  for messages: "[data]"
  TableReader(const TomlNode& table,
              std::string name,
              const std::vector<std::string>& known,
              Problems& problems);

  bool has(const std::string& key) const { return table_.find(key) != nullptr; }
  int line(const std::string& key) const;
  /// Where the table begins, nearly.
  int line() const { return table_.line; }

  std::optional<std::string> text(const std::string& key) const;
  /// One of some words. @param what  "method", for messages
  std::optional<std::string> word(const std::string& key,
                                  const std::vector<std::string>& words) const;
  /// Text, or a list of texts.
  std::vector<std::string> texts(const std::string& key) const;
  std::optional<double> number(const std::string& key, const NumberRange& range) const;
  std::optional<NumberList> numbers(const std::string& key,
                                    const NumberRange& range) const;
  std::optional<bool> flag(const std::string& key) const;
  const TomlNode* table(const std::string& key) const;
  /// Whatever stands there; null: nothing.
  const TomlNode* node(const std::string& key) const { return table_.find(key); }

  void problem(const std::string& key, const std::string& what) const;
  void missing(const std::string& key, const std::string& what) const;

 private:
  std::optional<double> number_of(const std::string& key,
                                  const TomlNode& node,
                                  const NumberRange& range) const;

  const TomlNode& table_;
  std::string name_;
  Problems& problems_;
};

}  // namespace merit
