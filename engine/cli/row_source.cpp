// SPDX-License-Identifier: MIT
#include "engine/cli/row_source.hpp"

#include "engine/error.hpp"
#include "engine/model/frequency.hpp"
#include "engine/run/block_loop.hpp"

namespace merit {
namespace {

struct Workspace {
  PassWorkspace pass;
  BlockHasher hasher;
  RowPlaces::Cursor cursor;
};

[[noreturn]] void refuse_change(const Table& table) {
  throw InputError(table.name() +
                   " has changed while it was being read: run again when it is complete");
}

}  // namespace

void RowSource::read(BlockRange blocks, const Put& put) const {
  const BlockLoopOptions options{.threads = threads};
  std::vector<Workspace> workspaces;
  for (int thread = 0; thread < threads_for(blocks, options); ++thread) {
    workspaces.push_back({{table.reader(design.table_columns()), {}, {}},
                          BlockHasher(levels),
                          RowPlaces::Cursor(places)});
  }
  for_each_block(blocks, options, [&](std::int64_t block, int thread) {
    Workspace& work = workspaces[static_cast<std::size_t>(thread)];
    auto& [reader, rows, used, repeated] = work.pass;
    const auto put_all = [&, &strip = used](const RowBlock& counted) {
      design.evaluate(counted, strip);
      for (std::int64_t i = 0; i < strip.counts.rows_used; ++i) {
        const auto [group, row] = work.cursor.next(strip.group[i]);
        if (group < 0) refuse_change(table);
        put(strip, i, group, row);
      }
    };
    const BlockRange all = rows_of_block(table, block);
    work.cursor.begin(block);
    for (std::int64_t first = all.first; first < all.end(); first += kStripRows) {
      reader->read(first, std::min(kStripRows, all.end() - first), rows);
      work.hasher.add(rows);
      for_each_repeated(rows, design.frame().fweights(), repeated, put_all);
    }
    const std::vector<Hash128> found = work.hasher.take();
    const auto expected =
        hashes.begin() + block * static_cast<std::ptrdiff_t>(levels.size());
    if (!std::equal(found.begin(), found.end(), expected)) refuse_change(table);
  });
}

}  // namespace merit
