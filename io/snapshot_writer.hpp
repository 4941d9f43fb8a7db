// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

namespace merit {

/// A column of numbers to be written.
struct NumberColumn {
  std::string name;
  std::span<const double> values;
};

/// Writes a snapshot that holds these columns at /data (io/FORMAT.md): a data frame for
/// `merit fit`, anndata, pandas, rhdf5.
///
/// @param title  says what the data are, for people
/// @throws UsageError if the file exists; IoError if it cannot be written
void write_snapshot(const std::string& path,
                    const std::string& title,
                    std::span<const NumberColumn> columns);

}  // namespace merit
