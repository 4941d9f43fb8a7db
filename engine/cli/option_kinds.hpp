// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "engine/error.hpp"

/// Kinds of options that several commands have. Values that are not of the kind end with a
/// UsageError of one sentence: the option, the value given, what it takes.
namespace merit {

template <class T>
using Words = std::map<std::string, T>;

/// An option whose value is one of some words; others are refused with the list.
template <class T, class Target>
CLI::Option* add_choice(CLI::App& app,
                        const std::string& option,
                        Target& target,
                        const Words<T>& words,
                        const std::string& help) {
  std::string list;
  for (const auto& [word, value] : words)
    list += (list.empty() ? "" : "|") + word;
  return app
      .add_option_function<std::string>(
          option,
          [&target, &words, option, list](const std::string& given) {
            const auto found = words.find(given);
            if (found == words.end()) {
              throw UsageError(fmt::format(
                  "{} {}: not one of {} in this version", option, given, list));
            }
            target = found->second;
          },
          help)
      ->type_name(list);
}

/// A number, written in full and in decimal.
template <class Number>
Number parse_number(const std::string& option, const std::string& given) {
  Number number{};
  const char* const end = given.data() + given.size();
  const auto [stop, error] = std::from_chars(given.data(), end, number);
  if (error == std::errc() && stop == end) return number;
  std::string accepted = "a number";
  if constexpr (std::is_integral_v<Number>) {
    accepted = fmt::format("a whole number up to {}", std::numeric_limits<Number>::max());
  }
  throw UsageError(fmt::format("{} {}: give {}", option, given, accepted));
}

template <class T>
struct NumberIn {
  using type = T;
};
template <class T>
struct NumberIn<std::optional<T>> {
  using type = T;
};

/// An option whose value is a number; the target is one, or an optional one.
template <class Target>
CLI::Option* add_number(CLI::App& app,
                        const std::string& option,
                        Target& target,
                        const std::string& type_name,
                        const std::string& help) {
  return app
      .add_option_function<std::string>(
          option,
          [&target, option](const std::string& given) {
            target = parse_number<typename NumberIn<Target>::type>(option, given);
          },
          help)
      ->type_name(type_name);
}

}  // namespace merit
