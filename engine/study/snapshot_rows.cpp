// SPDX-License-Identifier: MIT
#include "engine/study/snapshot_rows.hpp"

#include "engine/random/stream.hpp"

namespace merit {
namespace {

Stream stream(const Study& study,
              Purpose purpose,
              std::size_t snapshot,
              std::int64_t task) {
  return {study.seed,
          static_cast<Purpose>(static_cast<std::uint32_t>(purpose) +
                               static_cast<std::uint32_t>(snapshot)),
          task};
}

}  // namespace

void draw_groups(const Study& study,
                 std::size_t snapshot,
                 std::int64_t task,
                 std::int64_t num_groups,
                 std::vector<std::int64_t>& group) {
  const std::int64_t real = study.snapshots[snapshot].num_groups();
  Stream random = stream(study, Purpose::study_snapshot_groups, snapshot, task);
  group.resize(static_cast<std::size_t>(num_groups));
  for (std::int64_t& drawn : group)
    drawn = random.index(real);
}

void draw_rows(const Study& study,
               std::size_t snapshot,
               bool by_rows,
               std::int64_t task,
               const std::vector<std::int64_t>& group,
               const std::vector<std::int64_t>& size,
               std::vector<std::int64_t>& row) {
  const SnapshotColumns& real = study.snapshots[snapshot];
  const bool as_they_are = study.sizes_from == snapshot;
  Stream random =
      stream(study,
             by_rows ? Purpose::study_snapshot_any_rows : Purpose::study_snapshot_rows,
             snapshot,
             task);
  row.clear();
  for (std::size_t j = 0; j < size.size(); ++j) {
    const std::int64_t first =
        by_rows ? 0 : real.first[static_cast<std::size_t>(group[j])];
    const std::int64_t count = by_rows ? real.num_rows() : real.size(group[j]);
    for (std::int64_t i = 0; i < size[j]; ++i)
      row.push_back(first + (as_they_are && !by_rows ? i : random.index(count)));
  }
}

}  // namespace merit
