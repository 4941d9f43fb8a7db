// SPDX-License-Identifier: MIT
#include "io/hdf5_netcdf.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/error.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {
namespace {

constexpr unsigned kInOrder = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

/// Where a variable uses a scale, as the specification lays it out.
struct StoredUse {
  hobj_ref_t dataset;
  std::uint32_t axis;
};

/// Text of fixed length with a zero behind it, as dimension scales want it.
bool write_text(hid_t object, const char* attribute, const std::string& text) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  if (H5Tset_size(type.id(), text.size() + 1) < 0) return false;
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle written(
      H5Acreate2(object, attribute, type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  return written && H5Awrite(written.id(), type.id(), text.c_str()) >= 0;
}

/// An attribute that is a list.
bool write_list(hid_t object,
                const char* attribute,
                const Handle& stored,
                const Handle& memory,
                std::size_t count,
                const void* data) {
  const hsize_t extent = count;
  const Handle space(H5Screate_simple(1, &extent, nullptr), H5Sclose);
  const Handle written(
      H5Acreate2(object, attribute, stored.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  return written && H5Awrite(written.id(), memory.id(), data) >= 0;
}

/// {"dataset", "dimension"} in a file or in memory; no handle if HDF5 fails.
Handle use_type(bool memory) {
  const std::size_t second = memory ? offsetof(StoredUse, axis) : sizeof(hobj_ref_t);
  const std::size_t size = memory ? sizeof(StoredUse) : second + sizeof(std::uint32_t);
  Handle type(H5Tcreate(H5T_COMPOUND, size), H5Tclose);
  if (H5Tinsert(type.id(), "dataset", 0, H5T_STD_REF_OBJ) < 0 ||
      H5Tinsert(
          type.id(), "dimension", second, memory ? H5T_NATIVE_UINT32 : H5T_STD_U32LE) < 0)
    return {};
  return type;
}

/// No times of objects, which would make each file another.
bool forget_times(const Handle& creation) {
  return H5Pset_obj_track_times(creation.id(), false) >= 0;
}

/// The same for what has links; and they keep their order.
bool keep_order(const Handle& creation) {
  return H5Pset_link_creation_order(creation.id(), kInOrder) >= 0 &&
         H5Pset_attr_creation_order(creation.id(), kInOrder) >= 0 &&
         forget_times(creation);
}

std::vector<hsize_t> extents(const std::vector<std::int64_t>& shape) {
  return {shape.begin(), shape.end()};
}

}  // namespace

template <class T>
void NetcdfVariable::write(const std::vector<std::int64_t>& start,
                           const std::vector<std::int64_t>& count,
                           std::span<const T> values) {
  const Handle file(H5Dget_space(id()), H5Sclose);
  const hsize_t extent = values.size();
  const Handle memory(H5Screate_simple(1, &extent, nullptr), H5Sclose);
  const bool selected = start.empty() || H5Sselect_hyperslab(file.id(),
                                                             H5S_SELECT_SET,
                                                             extents(start).data(),
                                                             nullptr,
                                                             extents(count).data(),
                                                             nullptr) >= 0;
  const bool written =
      selected &&
      H5Dwrite(
          id(), native_type<T>(), memory.id(), file.id(), H5P_DEFAULT, values.data()) >=
          0;
  if (!written) fail("writing failed");
}

Handle NetcdfGroup::create(const std::string& name,
                           std::int64_t type,
                           const std::vector<std::int64_t>& shape) {
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  if (H5Pset_attr_creation_order(properties.id(), kInOrder) < 0 ||
      !forget_times(properties))
    fail("cannot create variable " + name);
  const std::vector<hsize_t> dims = extents(shape);
  const Handle space(
      shape.empty()
          ? H5Screate(H5S_SCALAR)
          : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
      H5Sclose);
  Handle made(H5Dcreate2(id(),
                         name.c_str(),
                         type,
                         space.id(),
                         H5P_DEFAULT,
                         properties.id(),
                         H5P_DEFAULT),
              H5Dclose);
  if (!made) fail("cannot create variable " + name);
  return made;
}

void NetcdfGroup::make_scale(const std::string& name,
                             std::int64_t length,
                             const Handle& dataset) {
  const auto number = static_cast<std::int32_t>((*next_id_)++);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const bool is_scale = write_text(dataset.id(), "CLASS", "DIMENSION_SCALE") &&
                        write_text(dataset.id(), "NAME", name);
  const Handle written(H5Acreate2(dataset.id(),
                                  "_Netcdf4Dimid",
                                  H5T_STD_I32LE,
                                  space.id(),
                                  H5P_DEFAULT,
                                  H5P_DEFAULT),
                       H5Aclose);
  if (!is_scale || H5Awrite(written.id(), H5T_NATIVE_INT32, &number) < 0)
    fail("cannot make dimension " + name);
  scales_.push_back({name, length, {}});
}

void NetcdfGroup::add_dimension(const std::string& name,
                                const std::vector<std::int64_t>& at) {
  const Handle dataset = create(name, H5T_STD_I64LE, {std::ssize(at)});
  if (H5Dwrite(dataset.id(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, at.data()) <
      0)
    fail("cannot write dimension " + name);
  make_scale(name, std::ssize(at), dataset);
}

void NetcdfGroup::add_dimension(const std::string& name,
                                const std::vector<std::string>& at) {
  const Handle type = string_type();
  const Handle dataset = create(name, type.id(), {std::ssize(at)});
  std::vector<const char*> text;
  text.reserve(at.size());
  for (const std::string& one : at)
    text.push_back(one.c_str());
  if (H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()) < 0)
    fail("cannot write dimension " + name);
  make_scale(name, std::ssize(at), dataset);
}

template <class T>
NetcdfVariable NetcdfGroup::add_variable(const std::string& name,
                                         const std::vector<std::string>& dimensions) {
  std::vector<std::int64_t> shape;
  std::vector<hobj_ref_t> scales(dimensions.size());
  std::vector<hvl_t> axes;
  for (std::size_t axis = 0; axis < dimensions.size(); ++axis) {
    const std::string& wanted = dimensions[axis];
    const auto scale = std::find_if(
        scales_.begin(), scales_.end(), [&](const Scale& s) { return s.name == wanted; });
    if (scale == scales_.end())
      throw IoError(this->name() + ": has no dimension " + wanted);
    shape.push_back(scale->length);
    scale->uses.push_back({name, static_cast<std::uint32_t>(axis)});
    if (H5Rcreate(&scales[axis], id(), wanted.c_str(), H5R_OBJECT, -1) < 0)
      fail("cannot refer to dimension " + wanted);
    axes.push_back({1, &scales[axis]});
  }
  Handle dataset = create(name, stored_type<T>(), shape);
  if (!axes.empty()) {
    const Handle reference(H5Tvlen_create(H5T_STD_REF_OBJ), H5Tclose);
    if (!write_list(dataset.id(),
                    "DIMENSION_LIST",
                    reference,
                    reference,
                    axes.size(),
                    axes.data()))
      fail("cannot give variable " + name + " its dimensions");
  }
  return {std::move(dataset), file(), path() + "/" + name};
}

void NetcdfGroup::finish() {
  const Handle stored = use_type(false), memory = use_type(true);
  if (!stored || !memory) fail("cannot describe what uses the dimensions");
  for (const Scale& scale : scales_) {
    std::vector<StoredUse> uses;
    for (const Use& use : scale.uses) {
      StoredUse one{.dataset = 0, .axis = use.axis};
      if (H5Rcreate(&one.dataset, id(), use.variable.c_str(), H5R_OBJECT, -1) < 0)
        fail("cannot refer to variable " + use.variable);
      uses.push_back(one);
    }
    if (uses.empty()) continue;
    const Handle dataset(H5Dopen2(id(), scale.name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset ||
        !write_list(
            dataset.id(), "REFERENCE_LIST", stored, memory, uses.size(), uses.data()))
      fail("cannot finish dimension " + scale.name);
  }
}

bool is_netcdf(const std::string& path) {
  try {
    return File::open(path, Access::read).root().has_attribute("_NCProperties");
  } catch (const Error&) {
    return false;
  }
}

NetcdfFile NetcdfFile::create(const std::string& path, const std::string& writer) {
  silence();
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  if (!keep_order(creation)) throw IoError(path + ": cannot be created: " + reason());
  Handle file(H5Fcreate(path.c_str(), H5F_ACC_EXCL, creation.id(), H5P_DEFAULT),
              H5Fclose);
  if (!file) throw IoError(path + ": cannot be created: " + reason());
  const Handle root(H5Gopen2(file.id(), "/", H5P_DEFAULT), H5Gclose);
  if (!root || !write_text(root.id(),
                           "_NCProperties",
                           "version=2," + writer + ",hdf5=" + library_version()))
    throw IoError(path + ": writing failed: " + reason());
  return {std::move(file), path};
}

NetcdfGroup NetcdfFile::create_group(const std::string& name) {
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  if (!keep_order(creation))
    throw IoError(path_ + ": cannot create group " + name + ": " + reason());
  Handle made(
      H5Gcreate2(handle_.id(), name.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
      H5Gclose);
  if (!made) throw IoError(path_ + ": cannot create group " + name + ": " + reason());
  return {std::move(made), path_, "/" + name, &next_id_};
}

void NetcdfFile::close() {
  if (H5Fflush(handle_.id(), H5F_SCOPE_LOCAL) < 0 || H5Fclose(handle_.release()) < 0)
    throw IoError(path_ + ": writing failed: " + reason());
}

#define MERIT_INSTANTIATE(T)                                               \
  template void NetcdfVariable::write<T>(const std::vector<std::int64_t>&, \
                                         const std::vector<std::int64_t>&, \
                                         std::span<const T>);              \
  template NetcdfVariable NetcdfGroup::add_variable<T>(const std::string&, \
                                                       const std::vector<std::string>&);
MERIT_INSTANTIATE(double)
MERIT_INSTANTIATE(std::int8_t)
#undef MERIT_INSTANTIATE

}  // namespace merit::hdf5
