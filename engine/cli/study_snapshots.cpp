// SPDX-License-Identifier: MIT
#include "engine/cli/study_snapshots.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "engine/run/agree.hpp"
#include "io/digest.hpp"
#include "io/snapshot.hpp"

namespace merit {

ReadSnapshot snapshot_source(const Communicator& comm, const std::string& study_file) {
  const std::filesystem::path place = std::filesystem::path(study_file).parent_path();
  return [&comm, place](const SnapshotRequest& request) {
    const std::string path = (place / request.file).string();
    std::string examined;
    root_or_none(comm, [&] { examined = examine_snapshot(path); });
    examined = comm.broadcast_text(examined);
    return all_or_none(comm, [&] {
      const std::unique_ptr<Table> table =
          open_examined_snapshot(path, "/data", examined);
      std::vector<std::size_t> columns;
      SnapshotColumns out = read_columns(*table, request, columns);
      std::sort(columns.begin(), columns.end());
      columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
      out.digest = digest(*table, columns);
      return out;
    });
  };
}

}  // namespace merit
