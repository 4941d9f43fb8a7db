// SPDX-License-Identifier: MIT
#include "engine/study/toml_tree.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <toml.hpp>

#include "engine/error.hpp"

namespace merit {
namespace {

using Value = toml::basic_value<toml::discard_comments, std::map, std::vector>;

/// Where a value begins. A table of the form [a.b] is where its first entry is.
std::pair<int, int> place_of(const Value& value) {
  const toml::source_location where = value.location();
  return {static_cast<int>(where.line()), static_cast<int>(where.column())};
}

TomlNode node_of(const Value& value) {
  TomlNode node;
  node.line = place_of(value).first;
  switch (value.type()) {
    case toml::value_t::string:
      node.kind = TomlNode::Kind::text;
      node.text = value.as_string().str;
      break;
    case toml::value_t::integer:
      node.kind = TomlNode::Kind::number;
      node.number = static_cast<double>(value.as_integer());
      node.is_whole = true;
      break;
    case toml::value_t::floating:
      node.kind = TomlNode::Kind::number;
      node.number = value.as_floating();
      break;
    case toml::value_t::boolean:
      node.kind = TomlNode::Kind::boolean;
      node.boolean = value.as_boolean();
      break;
    case toml::value_t::array:
      node.kind = TomlNode::Kind::list;
      for (const Value& item : value.as_array())
        node.items.push_back(node_of(item));
      break;
    case toml::value_t::table: {
      std::vector<std::tuple<std::pair<int, int>, std::string, TomlNode>> sorted;
      for (const auto& [key, entry] : value.as_table())
        sorted.emplace_back(place_of(entry), key, node_of(entry));
      std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return std::get<0>(a) < std::get<0>(b);
      });
      for (auto& [place, key, entry] : sorted)
        node.entries.push_back({std::move(key), std::move(entry)});
      break;
    }
    default:
      node.kind = TomlNode::Kind::other;
  }
  return node;
}

/// toml11 explains over several lines with a drawing: the sentence is the first.
std::string first_sentence(const std::string& what) {
  std::string line = what.substr(0, what.find('\n'));
  for (const std::string prefix : {"[error] ", "toml::"}) {
    if (line.starts_with(prefix)) line.erase(0, prefix.size());
  }
  return line;
}

}  // namespace

const TomlNode* TomlNode::find(const std::string& key) const {
  for (const auto& [name, entry] : entries) {
    if (name == key) return &entry;
  }
  return nullptr;
}

TomlNode parse_toml(const std::string& text, const std::string& file) {
  try {
    std::istringstream stream(text);
    return node_of(
        toml::parse<toml::discard_comments, std::map, std::vector>(stream, file));
  } catch (const toml::exception& error) {
    throw UsageError(fmt::format("{}: line {}: not TOML: {}",
                                 file,
                                 error.location().line(),
                                 first_sentence(error.what())));
  } catch (const std::exception& error) {
    throw UsageError(fmt::format("{}: not TOML: {}", file, first_sentence(error.what())));
  }
}

std::string describe(const TomlNode& node) {
  switch (node.kind) {
    case TomlNode::Kind::text:
      return "'" + node.text + "'";
    case TomlNode::Kind::number:
      return fmt::format("{}", node.number);
    case TomlNode::Kind::boolean:
      return node.boolean ? "true" : "false";
    case TomlNode::Kind::list:
      return "a list";
    case TomlNode::Kind::table:
      return "a table";
    case TomlNode::Kind::other:
      return "a date or time";
  }
  return {};
}

}  // namespace merit
