// SPDX-License-Identifier: MIT
#include "io/result_delete_one.hpp"

#include "io/result_layout.hpp"
#include "io/result_parts.hpp"

namespace merit {

void write_delete_one(hdf5::Group root, const StoredFit& stored) {
  if (!stored.delete_one) return;
  const DeleteOneFits& fits = *stored.delete_one;
  hdf5::Group group = root.create_group("delete_one");
  hdf5::Layout layout;
  layout.shape = {fits.num_groups(), fits.num_estimates};
  hdf5::Dataset estimate = group.create_dataset<double>("estimate", layout);
  estimate.write_rows(0, fits.num_groups(), fits.estimate);
  estimate.set_attribute("columns", estimate_columns(stored));
  group.write("status", fits.status);
  group.dataset("status").set_attribute("codes", status_codes(RowKind::replicates));
}

void read_delete_one(const hdf5::Group& root, StoredFit& stored) {
  if (!root.exists("delete_one")) return;
  const hdf5::Group group = root.group("delete_one");
  const std::int64_t J = std::ssize(stored.group_level);
  const std::int64_t columns = std::ssize(estimate_columns(stored));
  DeleteOneFits& fits = stored.delete_one.emplace();
  fits.num_estimates = columns;
  fits.estimate = open_shaped(group, "estimate", {J, columns}).read<double>();
  fits.status = open_shaped(group, "status", {J}).read<std::uint8_t>();
}

}  // namespace merit
