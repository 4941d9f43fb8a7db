// SPDX-License-Identifier: MIT
#include <array>
#include <utility>

#include "engine/error.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {

Object::Object(Handle handle, std::string file, std::string path)
    : handle_(std::move(handle)), file_(std::move(file)), path_(std::move(path)) {}

std::string Object::name() const {
  return label(file_, path_);
}

void Object::fail(const std::string& what) const {
  throw IoError(label(file_, path_) + ": " + what + ": " + reason());
}

namespace {

std::string join(const std::string& parent, const std::string& child) {
  if (child.starts_with('/')) return child;
  return parent == "/" ? "/" + child : parent + "/" + child;
}

/// Whether every step of `path` is there; HDF5 asks for one step at a time.
bool leads_somewhere(Handle::Id group, const std::string& path) {
  for (std::size_t end = 0; end != path.npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (part == "/" || part.ends_with('/')) continue;
    if (H5Lexists(group, part.c_str(), inside_file_only()) <= 0) return false;
  }
  return H5Oexists_by_name(group, path.c_str(), inside_file_only()) > 0;
}

const char* kind_name(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::group:
      return "a group";
    case ObjectKind::dataset:
      return "a dataset";
    default:
      return "neither a group nor a dataset";
  }
}

ObjectKind kind_of(Handle::Id object) {
  switch (H5Iget_type(object)) {
    case H5I_GROUP:
      return ObjectKind::group;
    case H5I_DATASET:
      return ObjectKind::dataset;
    default:
      return ObjectKind::other;
  }
}

Handle open(Handle::Id group, const std::string& path) {
  if (!leads_somewhere(group, path)) return {};
  return {H5Oopen(group, path.c_str(), inside_file_only()), H5Oclose};
}

struct NameList {
  std::vector<std::string> names;
  std::size_t limit = 0;
};

herr_t add_name(hid_t, const char* name, const H5L_info_t*, void* out) {
  auto& list = *static_cast<NameList*>(out);
  if (list.names.size() >= list.limit) return 1;
  list.names.emplace_back(name);
  return 0;
}

bool keeps_order(Handle::Id group) {
  const Handle creation(H5Gget_create_plist(group), H5Pclose);
  unsigned flags = 0;
  return creation && H5Pget_link_creation_order(creation.id(), &flags) >= 0 &&
         (flags & H5P_CRT_ORDER_TRACKED) != 0;
}

}  // namespace

Group::Group(Handle handle, std::string file, std::string path)
    : Object(std::move(handle), std::move(file), std::move(path)) {}

std::vector<std::string> Group::names(std::size_t limit) const {
  NameList list{.names = {}, .limit = limit};
  const H5_index_t index = keeps_order(handle_.id()) ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  if (H5Literate(handle_.id(), index, H5_ITER_INC, nullptr, add_name, &list) < 0) {
    fail("cannot list what it holds");
  }
  return std::move(list.names);
}

bool Group::exists(const std::string& path) const {
  return leads_somewhere(handle_.id(), path);
}

ObjectKind Group::kind(const std::string& path) const {
  const Handle object = open(handle_.id(), path);
  return object ? kind_of(object.id()) : ObjectKind::other;
}

namespace {

/// HDF5's default raw-data chunk cache.
constexpr std::size_t kDefaultCacheBytes = std::size_t{1} << 20;

/// Size of a chunk in memory; 0 if the dataset is not chunked.
std::size_t bytes_per_chunk(Handle::Id dataset) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  if (!properties || !type || H5Pget_layout(properties.id()) != H5D_CHUNKED) return 0;
  hsize_t dims[H5S_MAX_RANK] = {};
  const int rank = H5Pget_chunk(properties.id(), H5S_MAX_RANK, dims);
  std::size_t bytes = H5Tget_size(type.id());
  for (int i = 0; i < rank; ++i)
    bytes *= dims[i];  // HDF5 keeps it below 4 GiB
  return bytes;
}

/// Opens what must be of one kind, or says what stands in its place.
Handle open_as(Handle::Id group,
               const std::string& file,
               const std::string& path,
               const std::string& full_path,
               ObjectKind kind) {
  Handle object = open(group, path);
  if (!object) {
    if (H5Lexists(group, path.c_str(), inside_file_only()) > 0) {
      throw IoError(label(file, full_path) + ": cannot be opened: " + reason());
    }
    throw IoError(file + ": has no " + full_path);
  }
  if (kind_of(object.id()) != kind) {
    throw IoError(label(file, full_path) + ": is " + kind_name(kind_of(object.id())) +
                  "; expected " + kind_name(kind));
  }
  return object;
}

}  // namespace

Group Group::group(const std::string& path) const {
  const std::string full = join(path_, path);
  return Group(open_as(handle_.id(), file_, path, full, ObjectKind::group), file_, full);
}

Dataset Group::dataset(const std::string& path) const {
  const std::string full = join(path_, path);
  Handle first = open_as(handle_.id(), file_, path, full, ObjectKind::dataset);
  const std::size_t chunk_bytes = bytes_per_chunk(first.id());
  if (chunk_bytes <= kDefaultCacheBytes) return Dataset(std::move(first), file_, full);
  // HDF5 keeps in its cache no chunk larger than the cache, and would decompress it again
  // for every block of rows that touches it.
  first = Handle();
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  H5Pset_chunk_cache(access.id(),
                     H5D_CHUNK_CACHE_NSLOTS_DEFAULT,
                     chunk_bytes,
                     H5D_CHUNK_CACHE_W0_DEFAULT);
  H5Pset_elink_cb(access.id(), refuse_link, nullptr);
  Handle again(H5Dopen2(handle_.id(), path.c_str(), access.id()), H5Dclose);
  if (!again) fail("cannot open " + path);
  return Dataset(std::move(again), file_, full);
}

Group Group::create_group(const std::string& name) {
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_link_creation_order(creation.id(),
                             H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  H5Pset_obj_track_times(creation.id(), false);
  Handle created(
      H5Gcreate2(handle_.id(), name.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT),
      H5Gclose);
  if (!created) fail("cannot create group " + name);
  return Group(std::move(created), file_, join(path_, name));
}

void Group::remove(const std::string& name) {
  if (H5Ldelete(handle_.id(), name.c_str(), H5P_DEFAULT) < 0) {
    fail("cannot remove " + name);
  }
}

namespace {

using Dims = std::array<hsize_t, 2>;

/// What H5Dcreate needs besides the name, from a Layout.
struct Creation {
  Handle space;
  Handle properties;
};

Creation prepare(const Layout& layout, const std::string& name) {
  const std::size_t rank = layout.shape.size();
  if (rank > 2 || (!layout.chunk.empty() && layout.chunk.size() != rank)) {
    throw IoError(name +
                  ": a dataset has at most two dimensions, and its chunks as many");
  }
  Creation out;
  Dims dims{};
  Dims limit{};
  for (std::size_t i = 0; i < rank; ++i) {
    dims[i] = static_cast<hsize_t>(layout.shape[i]);
    limit[i] = i == 0 && layout.extendible ? H5S_UNLIMITED : dims[i];
  }
  out.space =
      rank == 0
          ? Handle(H5Screate(H5S_SCALAR), H5Sclose)
          : Handle(H5Screate_simple(static_cast<int>(rank), dims.data(), limit.data()),
                   H5Sclose);
  out.properties = Handle(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const hid_t properties = out.properties.id();
  H5Pset_obj_track_times(properties, false);
  if (!layout.chunk.empty()) {
    Dims chunk{};
    for (std::size_t i = 0; i < rank; ++i) {
      chunk[i] = static_cast<hsize_t>(layout.chunk[i]);
    }
    H5Pset_chunk(properties, static_cast<int>(rank), chunk.data());
    if (layout.deflate > 0) {
      H5Pset_shuffle(properties);
      H5Pset_deflate(properties, static_cast<unsigned>(layout.deflate));
    }
  }
  if (layout.fill) H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &*layout.fill);
  return out;
}

}  // namespace

template <class T>
Dataset Group::create_dataset(const std::string& name, const Layout& layout) {
  const Creation creation = prepare(layout, label(file_, join(path_, name)));
  Handle created(H5Dcreate2(handle_.id(),
                            name.c_str(),
                            stored_type<T>(),
                            creation.space.id(),
                            H5P_DEFAULT,
                            creation.properties.id(),
                            H5P_DEFAULT),
                 H5Dclose);
  if (!created) fail("cannot create dataset " + name);
  return Dataset(std::move(created), file_, join(path_, name));
}

Dataset Group::create_string_dataset(const std::string& name, const Layout& layout) {
  const Creation creation = prepare(layout, label(file_, join(path_, name)));
  const Handle type = string_type();
  Handle created(H5Dcreate2(handle_.id(),
                            name.c_str(),
                            type.id(),
                            creation.space.id(),
                            H5P_DEFAULT,
                            creation.properties.id(),
                            H5P_DEFAULT),
                 H5Dclose);
  if (!created) fail("cannot create dataset " + name);
  return Dataset(std::move(created), file_, join(path_, name));
}

template <class T>
Dataset Group::write(const std::string& name, const std::vector<T>& values) {
  const auto count = static_cast<std::int64_t>(values.size());
  Layout layout;
  layout.shape = {count};
  if constexpr (std::is_same_v<T, std::string>) {
    Dataset created = create_string_dataset(name, layout);
    created.write_strings(0, values);
    return created;
  } else {
    Dataset created = create_dataset<T>(name, layout);
    created.write_rows(0, count, values);
    return created;
  }
}

#define MERIT_INSTANTIATE(T)                                                    \
  template Dataset Group::create_dataset<T>(const std::string&, const Layout&); \
  template Dataset Group::write<T>(const std::string&, const std::vector<T>&);
MERIT_INSTANTIATE(double)
MERIT_INSTANTIATE(std::int8_t)
MERIT_INSTANTIATE(std::int16_t)
MERIT_INSTANTIATE(std::int32_t)
MERIT_INSTANTIATE(std::int64_t)
MERIT_INSTANTIATE(std::uint8_t)
MERIT_INSTANTIATE(std::uint64_t)
#undef MERIT_INSTANTIATE
template Dataset Group::write<std::string>(const std::string&,
                                           const std::vector<std::string>&);

}  // namespace merit::hdf5
