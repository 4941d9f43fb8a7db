// SPDX-License-Identifier: MIT
#include "engine/study/table_reader.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/model/text.hpp"

namespace merit {

bool NumberRange::holds(double value) const {
  if (!std::isfinite(value) || (whole && value != std::floor(value))) return false;
  return (open_low ? value > low : value >= low) &&
         (open_high ? value < high : value <= high);
}

std::string NumberRange::text() const {
  std::string out = whole ? "a whole number" : "a number";
  if (std::isfinite(low))
    out += fmt::format(" {} {}", open_low ? "above" : "from", shortest(low));
  if (std::isfinite(high))
    out += fmt::format(" {} {}", open_high ? "and below" : "to", shortest(high));
  return out;
}

TableReader::TableReader(const TomlNode& table,
                         std::string name,
                         const std::vector<std::string>& known,
                         Problems& problems)
    : table_(table), name_(std::move(name)), problems_(problems) {
  for (const auto& [key, node] : table.entries) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problems.add(
        node.line,
        fmt::format("{} has no key '{}'{}", name_, key, did_you_mean(key, known)));
  }
}

int TableReader::line(const std::string& key) const {
  const TomlNode* node = table_.find(key);
  return node == nullptr ? table_.line : node->line;
}

void TableReader::problem(const std::string& key, const std::string& what) const {
  const TomlNode* node = table_.find(key);
  problems_.add(line(key),
                node == nullptr ? fmt::format("{}: {}", key, what)
                                : fmt::format("{} = {}: {}", key, describe(*node), what));
}

void TableReader::missing(const std::string& key, const std::string& what) const {
  problems_.add(table_.line, fmt::format("{} lacks {}: {}", name_, key, what));
}

std::optional<std::string> TableReader::text(const std::string& key) const {
  const TomlNode* node = table_.find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == TomlNode::Kind::text) return node->text;
  problem(key, "give text in quotes");
  return std::nullopt;
}

std::optional<std::string> TableReader::word(
    const std::string& key, const std::vector<std::string>& words) const {
  const std::optional<std::string> given = text(key);
  if (!given || std::find(words.begin(), words.end(), *given) != words.end())
    return given;
  const std::string hint = did_you_mean(*given, words);
  problem(
      key,
      fmt::format(
          "not one of {}{}", fmt::join(words, ", "), hint.starts_with(',') ? hint : ""));
  return std::nullopt;
}

std::vector<std::string> TableReader::texts(const std::string& key) const {
  const TomlNode* node = table_.find(key);
  if (node == nullptr) return {};
  if (node->kind == TomlNode::Kind::text) return {node->text};
  std::vector<std::string> out;
  for (const TomlNode& item : node->items) {
    if (item.kind == TomlNode::Kind::text) out.push_back(item.text);
  }
  if (node->kind != TomlNode::Kind::list || out.empty() ||
      out.size() != node->items.size()) {
    problem(key, "give text in quotes, or a list of such");
    return {};
  }
  return out;
}

std::optional<double> TableReader::number_of(const std::string& key,
                                             const TomlNode& node,
                                             const NumberRange& range) const {
  if (node.kind == TomlNode::Kind::number && range.holds(node.number)) return node.number;
  problems_.add(node.line,
                fmt::format("{} = {}: give {}", key, describe(node), range.text()));
  return std::nullopt;
}

std::optional<double> TableReader::number(const std::string& key,
                                          const NumberRange& range) const {
  const TomlNode* node = table_.find(key);
  if (node == nullptr) return std::nullopt;
  return number_of(key, *node, range);
}

std::optional<NumberList> TableReader::numbers(const std::string& key,
                                               const NumberRange& range) const {
  const TomlNode* node = table_.find(key);
  if (node == nullptr) return std::nullopt;
  NumberList out{.values = {}, .line = node->line};
  if (node->kind != TomlNode::Kind::list) {
    const std::optional<double> value = number_of(key, *node, range);
    if (!value) return std::nullopt;
    out.values.push_back(*value);
    return out;
  }
  if (node->items.empty()) {
    problem(key, "the list is empty");
    return std::nullopt;
  }
  for (const TomlNode& item : node->items) {
    const std::optional<double> value = number_of(key, item, range);
    if (!value) continue;
    if (std::find(out.values.begin(), out.values.end(), *value) != out.values.end()) {
      problems_.add(item.line, fmt::format("{} has {} twice", key, shortest(*value)));
      continue;
    }
    out.values.push_back(*value);
  }
  if (out.values.size() != node->items.size()) return std::nullopt;
  return out;
}

std::optional<bool> TableReader::flag(const std::string& key) const {
  const TomlNode* node = table_.find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == TomlNode::Kind::boolean) return node->boolean;
  problem(key, "give true or false");
  return std::nullopt;
}

const TomlNode* TableReader::table(const std::string& key) const {
  const TomlNode* node = table_.find(key);
  if (node == nullptr) return nullptr;
  if (node->kind == TomlNode::Kind::table) return node;
  problem(key, "give a table");
  return nullptr;
}

}  // namespace merit
