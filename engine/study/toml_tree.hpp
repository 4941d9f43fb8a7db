// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace merit {

struct TomlEntry;

/// A TOML file as plain values that know their lines: what a study file's reader looks at.
struct TomlNode {
  enum class Kind { text, number, boolean, list, table, other };

  Kind kind = Kind::table;
  int line = 1;
  std::string text;
  double number = 0.0;
  bool is_whole = false;  ///< an integer
  bool boolean = false;
  std::vector<TomlNode> items;     ///< of a list
  std::vector<TomlEntry> entries;  ///< of a table, as in the file

  const TomlNode* find(const std::string& key) const;
};

struct TomlEntry {
  std::string key;
  TomlNode node;
};

/// @throws UsageError "FILE: line 3: not TOML: …"
TomlNode parse_toml(const std::string& text, const std::string& file);

/// "a number", "a list": what stands there, for messages.
std::string describe(const TomlNode& node);

}  // namespace merit
