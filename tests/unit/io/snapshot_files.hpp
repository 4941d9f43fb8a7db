// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/model/table.hpp"
#include "io/snapshot.hpp"

/// Files that other programs write, for the tests of the snapshot reader.
namespace merit::testing {

/// A folder that is removed when the program ends, with what a script has put there.
class ScriptedFiles {
 public:
  /// Runs `program` `script` FOLDER.
  ScriptedFiles(const std::string& program, const std::string& script) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "merit-snapshots-XXXXXX").string();
    BOOST_TEST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    const std::string command = program + " '" + MERIT_TEST_DATA + "/unit/io/" + script +
                                "' '" + pattern + "' > '" + pattern + "/log' 2>&1";
    BOOST_TEST_REQUIRE(std::system(command.c_str()) == 0,
                       "failed: " << command << ", see there");
  }
  ScriptedFiles(const ScriptedFiles&) = delete;
  ScriptedFiles& operator=(const ScriptedFiles&) = delete;
  ~ScriptedFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string operator/(const std::string& name) const {
    return (folder_ / name).string();
  }

 private:
  std::filesystem::path folder_;
};

/// What make_snapshots.py writes.
inline const ScriptedFiles& python_files() {
  static const ScriptedFiles files(MERIT_PYTHON, "make_snapshots.py");
  return files;
}

/// A whole column, read in one go.
inline std::vector<double> column(Table& table, const std::string& name) {
  for (std::size_t c = 0; c < table.columns().size(); ++c) {
    if (table.columns()[c].name != name) continue;
    RowBlock block;
    table.reader({c})->read(0, table.num_rows(), block);
    return block.columns[0];
  }
  BOOST_TEST_REQUIRE(false, "no column " << name);
  return {};
}

inline std::size_t index_of(const Table& table, const std::string& name) {
  std::size_t c = 0;
  while (table.columns().at(c).name != name)
    ++c;
  return c;
}

/// A categorical column as texts; "<NA>" where it is missing.
inline std::vector<std::string> texts(Table& table, const std::string& name) {
  const std::vector<std::string> levels = table.levels(index_of(table, name));
  std::vector<std::string> out;
  for (const double x : column(table, name)) {
    out.push_back(std::isnan(x) ? "<NA>" : levels.at(static_cast<std::size_t>(x)));
  }
  return out;
}

/// Equal, and missing at the same places.
inline bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
    return x == y || (std::isnan(x) && std::isnan(y));
  });
}

using Texts = std::vector<std::string>;

}  // namespace merit::testing
