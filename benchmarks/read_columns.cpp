// SPDX-License-Identifier: MIT
//
// Reads columns of a snapshot in blocks, as merit does, with plain HDF5 calls, and throws
// them away: the least that a fit can cost.
//
//   read_columns wide.h5 y g x1 x2

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <hdf5.h>

int main(int argc, char** argv) {
  constexpr hsize_t kBlockRows = 65'536;
  const hid_t file = argc > 2 ? H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT) : -1;
  if (file < 0) {
    std::fprintf(stderr, "usage: read_columns FILE COLUMN...\n");
    return 64;
  }
  std::vector<hid_t> columns;
  hsize_t rows = 0;
  for (int i = 2; i < argc; ++i) {
    columns.push_back(
        H5Dopen2(file, (std::string("/data/") + argv[i]).c_str(), H5P_DEFAULT));
    const hid_t space = H5Dget_space(columns.back());
    H5Sget_simple_extent_dims(space, &rows, nullptr);
    H5Sclose(space);
  }
  std::vector<double> values(kBlockRows);
  double sum = 0.0;  // so that nothing is optimised away
  for (hsize_t first = 0; first < rows; first += kBlockRows) {
    const hsize_t count = std::min(kBlockRows, rows - first);
    const hid_t memory = H5Screate_simple(1, &count, nullptr);
    for (const hid_t column : columns) {
      const hid_t space = H5Dget_space(column);
      H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, nullptr, &count, nullptr);
      H5Dread(column, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values.data());
      sum += values.front();
      H5Sclose(space);
    }
    H5Sclose(memory);
  }
  std::printf("%g\n", sum);
  for (const hid_t column : columns)
    H5Dclose(column);
  H5Fclose(file);
  return 0;
}
