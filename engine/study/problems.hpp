// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace merit {

/// Everything that is wrong with a file, collected so that it is told at once.
class Problems {
 public:
  /// @param line  0: of the file as a whole
  void add(int line, const std::string& what) { found_.emplace_back(line, what); }
  bool empty() const { return found_.empty(); }

  /// Nothing if there is none; else all of them, in the order of their lines:
  ///
  ///     study.toml: 2 problems
  ///       line 3: repetitions = 0: give a whole number from 1 to 2147483647
  ///       line 9: [data] has no key 'grups', did you mean 'groups'?
  ///
  /// @throws UsageError
  void throw_if_any(const std::string& file) const;

 private:
  std::vector<std::pair<int, std::string>> found_;
};

}  // namespace merit
