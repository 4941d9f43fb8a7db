// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/hdf5.hpp"

/// NetCDF-4 files as HDF5 (Unidata, "The NetCDF-4 file format"): what netCDF4, xarray and ncdf4
/// open as their own.
///
/// A dimension is a dataset of its coordinates that is an HDF5 dimension scale; a variable refers to one for
/// each of its axes, and each scale to its users (HDF5 dimension scale specification). All
/// groups and objects keep the order of creation, without which netCDF-C opens no file for
/// writing. Written by hand rather than through HDF5's high-level library, which not every
/// installation has.
namespace merit::hdf5 {

/// A variable that is being written.
class NetcdfVariable : public Object {
 public:
  /// A box of values, the last axis running fastest. @throws IoError
  template <class T>
  void write(const std::vector<std::int64_t>& start,
             const std::vector<std::int64_t>& count,
             std::span<const T> values);

 private:
  friend class NetcdfGroup;
  NetcdfVariable(Handle handle, std::string file, std::string path)
      : Object(std::move(handle), std::move(file), std::move(path)) {}
};

/// A group with its own dimensions. Call finish() when all its variables are there.
class NetcdfGroup : public Object {
 public:
  /// @throws IoError
  void add_dimension(const std::string& name, const std::vector<std::int64_t>& at);
  void add_dimension(const std::string& name, const std::vector<std::string>& at);
  /// A variable of T (double, std::int8_t) over dimensions of this group; none: a scalar.
  template <class T>
  NetcdfVariable add_variable(const std::string& name,
                              const std::vector<std::string>& dimensions);
  void finish();

 private:
  friend class NetcdfFile;
  struct Use {
    std::string variable;
    std::uint32_t axis = 0;
  };
  struct Scale {
    std::string name;
    std::int64_t length = 0;
    std::vector<Use> uses;
  };
  NetcdfGroup(Handle handle, std::string file, std::string path, std::int64_t* next_id)
      : Object(std::move(handle), std::move(file), std::move(path)), next_id_(next_id) {}
  Handle create(const std::string& name,
                std::int64_t type,
                const std::vector<std::int64_t>& shape);
  void make_scale(const std::string& name, std::int64_t length, const Handle& dataset);

  std::int64_t* next_id_;  ///< dimensions are numbered through the file
  std::vector<Scale> scales_;
};

class NetcdfFile {
 public:
  /// @param writer  "merit=0.1.0" @throws IoError if it exists or cannot be created
  static NetcdfFile create(const std::string& path, const std::string& writer);
  NetcdfGroup create_group(const std::string& name);
  /// @throws IoError
  void close();

 private:
  NetcdfFile(Handle handle, std::string path)
      : handle_(std::move(handle)), path_(std::move(path)) {}
  Handle handle_;
  std::string path_;
  std::int64_t next_id_ = 0;
};

/// Whether a file says that it is netCDF-4, as its libraries have since 2016: the attribute _NCProperties.
bool is_netcdf(const std::string& path);

}  // namespace merit::hdf5
