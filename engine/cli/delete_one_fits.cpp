// SPDX-License-Identifier: MIT
#include "engine/cli/delete_one_fits.hpp"

#include "engine/run/agree.hpp"
#include "engine/run/block_loop.hpp"

namespace merit {

DeleteOneFits make_delete_one_fits(const Communicator& comm,
                                   const Scheme& scheme,
                                   std::int64_t num_groups,
                                   int threads) {
  const BlockRange mine = local_range(num_groups, comm.rank(), comm.size());
  std::vector<ReplicateRows> made(static_cast<std::size_t>(mine.count));
  all_or_none(comm, [&] {
    for_each_block(mine, {.threads = threads}, [&](std::int64_t group, int) {
      scheme.make(group, 1, made[static_cast<std::size_t>(group - mine.first)]);
    });
  });
  ByteWriter writer;
  for (const ReplicateRows& row : made) {
    writer.put_all(std::span<const double>(row.estimate));
    writer.put(row.status.front());
  }
  DeleteOneFits out;
  int rank = 0;
  for (const Bytes& bytes : comm.all_gather(writer.take())) {
    ByteReader reader(bytes);
    const BlockRange share = local_range(num_groups, rank++, comm.size());
    for (std::int64_t group = 0; group < share.count; ++group) {
      const std::vector<double> estimate = reader.take_vector<double>();
      out.estimate.insert(out.estimate.end(), estimate.begin(), estimate.end());
      out.status.push_back(reader.take<std::uint8_t>());
      out.num_estimates = std::ssize(estimate);
    }
  }
  return out;
}

}  // namespace merit
