// SPDX-License-Identifier: MIT
#include "io/hdf5_result.hpp"

#include <vector>

#include "engine/error.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {
namespace {

/// A file that HDF5 could not write out when it was closed (disk full) stays in its books;
/// its clean-up at the end of the program would crash on it. We close what we open: no
/// clean-up is needed. Must be said before HDF5's first call.
[[maybe_unused]] const herr_t kNoCleanUpAtExit = H5dont_atexit();

}  // namespace

std::int64_t allocate(Dataset& dataset) {
  // HDF5 allocates the whole of a contiguous dataset when its first row is written.
  const std::vector<std::uint8_t> zeros(static_cast<std::size_t>(dataset.row_size()));
  dataset.write_rows<std::uint8_t>(0, 1, zeros);
  return offset(dataset);
}

std::int64_t offset(const Dataset& dataset) {
  const haddr_t place = H5Dget_offset(dataset.id());
  if (place == HADDR_UNDEF) {
    throw IoError(dataset.name() + ": damaged: its values have no place in the file");
  }
  return static_cast<std::int64_t>(place);
}

void create_text_rows(Group& group,
                      const std::string& name,
                      std::int64_t rows,
                      std::int64_t width) {
  const auto num_rows = static_cast<hsize_t>(rows);
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  const Handle space(H5Screate_simple(1, &num_rows, nullptr), H5Sclose);
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const bool prepared = H5Tset_size(type.id(), static_cast<std::size_t>(width)) >= 0 &&
                        H5Tset_cset(type.id(), H5T_CSET_UTF8) >= 0 &&
                        H5Tset_strpad(type.id(), H5T_STR_NULLPAD) >= 0 &&
                        H5Pset_alloc_time(properties.id(), H5D_ALLOC_TIME_EARLY) >= 0 &&
                        H5Pset_obj_track_times(properties.id(), false) >= 0;
  const Handle created(prepared ? H5Dcreate2(group.id(),
                                             name.c_str(),
                                             type.id(),
                                             space.id(),
                                             H5P_DEFAULT,
                                             properties.id(),
                                             H5P_DEFAULT)
                                : H5I_INVALID_HID,
                       H5Dclose);
  if (!created) {
    throw IoError(group.name() + ": cannot create dataset " + name + ": " + reason());
  }
}

void set_flag(const Object& object, const std::string& attribute, bool value) {
  const char* name = attribute.c_str();
  const std::int8_t byte = value ? 1 : 0;
  const bool cleared =
      H5Aexists(object.id(), name) <= 0 || H5Adelete(object.id(), name) >= 0;
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle created(
      H5Acreate2(object.id(), name, H5T_STD_I8LE, space.id(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  if (!cleared || !created || H5Awrite(created.id(), H5T_NATIVE_INT8, &byte) < 0) {
    throw IoError(object.name() + ": cannot write attribute " + attribute + ": " +
                  reason());
  }
}

bool is_flag(const Type& type) {
  return type.type_class == TypeClass::boolean ||
         (type.type_class == TypeClass::integer && type.size == 1);
}

}  // namespace merit::hdf5
