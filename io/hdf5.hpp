// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// A thin layer over HDF5's C interface; everything in merit that touches HDF5 goes through it.
///
/// Every identifier is owned and closed once, every call is checked, and every failure is an
/// exception that names the file, the object in it and what was being done. HDF5's own
/// printing of errors is switched off when the first file is opened. The library is not
/// thread-safe: one thread per process uses this layer at a time.
///
/// Files are written in the oldest format that can hold them (HDF5's default), without object
/// times, so that equal content gives equal objects. Links that lead out of the file,
/// external storage and virtual datasets are refused: a file is read from itself alone.
namespace merit::hdf5 {

/// Owns one HDF5 identifier.
class Handle {
 public:
  using Id = std::int64_t;  ///< HDF5's hid_t
  using Close = int (*)(Id);

  Handle() = default;
  Handle(Id id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle();

  Id id() const { return id_; }
  Id release();  ///< gives the identifier up, unclosed
  explicit operator bool() const { return id_ >= 0; }

 private:
  Id id_ = -1;
  Close close_ = nullptr;
};

/// The kinds of stored values that merit tells apart.
enum class TypeClass {
  integer,
  floating,
  boolean,          ///< h5py's and rhdf5's enumeration of FALSE = 0, TRUE = 1
  enumeration,      ///< any other enumeration of integers
  fixed_string,     ///< fixed length, padded
  variable_string,  ///< variable length
  compound,
  unsupported,  ///< complex-like, reference, opaque, array, time, bit field, sequences
};

/// One named value of an enumeration.
struct EnumValue {
  std::string name;
  std::int64_t value = 0;
};

struct Member;

/// A stored type, as plain values.
struct Type {
  TypeClass type_class = TypeClass::unsupported;
  std::size_t size = 0;           ///< bytes per value in the file
  bool is_signed = false;         ///< integers and enumerations
  bool big_endian = false;        ///< numbers and enumerations
  std::string name;               ///< for people: "float64", "int8", "string", "bool"
  std::vector<EnumValue> values;  ///< of an enumeration
  std::vector<Member> members;    ///< of a compound
};

/// One field of a compound type.
struct Member {
  std::string name;
  std::int64_t offset = 0;  ///< bytes from the beginning of a row in the file
  Type type;
};

/// What an HDF5 file can link to from a group.
enum class ObjectKind { group, dataset, other };

/// The types that attributes and datasets take and give: double, std::int8_t, std::int16_t,
/// std::int32_t, std::int64_t, std::uint8_t, std::uint64_t. Numbers are converted by HDF5 where the file
/// stores another numeric type; out-of-range values clip.
///
/// Attributes also take std::string (UTF-8, variable length), bool (h5py's enumeration) and
/// vectors of std::string, std::int64_t and double.
class Object {
 public:
  const std::string& file() const { return file_; }  ///< path of the file as it was given
  const std::string& path() const { return path_; }  ///< path inside the file: "/data"
  std::string name() const;                          ///< "survey.h5: /data", for messages
  Handle::Id id() const { return handle_.id(); }

  /// Names in byte order.
  std::vector<std::string> attribute_names() const;
  bool has_attribute(const std::string& attribute) const;
  Type attribute_type(const std::string& attribute) const;

  /// Value of an attribute; T is std::string, bool, std::int64_t, double or a vector of
  /// std::string, std::int64_t or double. Fixed strings and arrays of one element are taken as
  /// scalars too, scalars as vectors of one.
  /// @throws IoError if it is not there, is of another type or cannot be read
  template <class T>
  T attribute(const std::string& attribute) const;

  /// The same, or nothing if the attribute is not there or is of another type.
  /// @throws IoError if it is there but cannot be read
  template <class T>
  std::optional<T> find_attribute(const std::string& attribute) const;

  /// Creates the attribute or replaces it. @throws IoError
  template <class T>
  void set_attribute(const std::string& attribute, const T& value);

 protected:
  Object() = default;
  Object(Handle handle, std::string file, std::string path);
  /// @throws IoError "FILE: /PATH: WHAT: <HDF5's reason>"
  [[noreturn]] void fail(const std::string& what) const;

  Handle handle_;
  std::string file_;
  std::string path_;
};

/// How a new dataset lies in the file.
struct Layout {
  std::vector<std::int64_t>
      shape;  ///< rows first; one or two dimensions, or none (a scalar)
  std::vector<std::int64_t> chunk;  ///< chunk shape; empty: contiguous
  bool extendible = false;          ///< rows may be added (needs `chunk`)
  int deflate = 0;  ///< zlib level 1–9 with shuffling (needs `chunk`); 0: none
  std::optional<double> fill;  ///< value of rows that were never written; default 0
};

/// Where a dataset's bytes are, for choosing how to read it.
struct Storage {
  bool chunked = false;
  bool filtered = false;            ///< compressed, or otherwise encoded
  std::vector<std::int64_t> chunk;  ///< chunk shape where chunked
  std::int64_t bytes = 0;           ///< allocated in the file
};

/// An array of one or two dimensions, or a scalar. Rows are the first dimension.
class Dataset : public Object {
 public:
  Dataset() = default;

  const Type& type() const { return type_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  std::int64_t num_rows() const { return shape_.empty() ? 1 : shape_[0]; }
  /// Takes a matrix of one row, which is how R stores a matrix of one column, as a column, as
  /// it does a matrix of one column. No effect on other shapes.
  void flatten();
  /// Values per row: the product of the other dimensions.
  std::int64_t row_size() const;
  Storage storage() const;

  /// Reads rows [first, first + count) into `out`, which holds count * row_size() values, row
  /// after row. Without conversion where the file stores T. @throws IoError
  template <class T>
  void read_rows(std::int64_t first, std::int64_t count, std::span<T> out) const;
  /// All values. @throws IoError
  template <class T>
  std::vector<T> read() const;

  /// Text values of rows [first, first + count), fixed or variable length. @throws IoError
  std::vector<std::string> read_strings(std::int64_t first, std::int64_t count) const;
  std::vector<std::string> read_strings() const { return read_strings(0, num_rows()); }

  /// Writes `in` to rows [first, first + count). @throws IoError
  template <class T>
  void write_rows(std::int64_t first, std::int64_t count, std::span<const T> in);
  template <class T>
  void write_rows(std::int64_t first, std::int64_t count, const std::vector<T>& in) {
    write_rows(first, count, std::span<const T>(in));
  }
  /// Writes text values to rows [first, first + in.size()). @throws IoError
  void write_strings(std::int64_t first, std::span<const std::string> in);

  /// Changes the number of rows of an extendible dataset. @throws IoError
  void resize(std::int64_t num_rows);

 private:
  friend class Group;
  Dataset(Handle handle, std::string file, std::string path);

  Type type_;
  std::vector<std::int64_t> shape_;
  std::size_t axis_ = 0;  ///< the dimension in the file that rows run along
};

class Group : public Object {
 public:
  Group() = default;

  /// Names of the links in it: in order of creation where the file has kept it, else in byte
  /// order. At most `limit` of them.
  std::vector<std::string> names(std::size_t limit = SIZE_MAX) const;
  /// Whether `path` (relative, may have several parts) leads to an object in this file.
  bool exists(const std::string& path) const;
  /// What `path` leads to; `other` also for links that are dangling or leave the file.
  ObjectKind kind(const std::string& path) const;

  /// @throws IoError   if there is no such object, naming what is there instead
  /// @throws DataError if a dataset's values are in another file, or compressed in a way that
  ///                   this HDF5 library cannot undo
  Group group(const std::string& path) const;
  Dataset dataset(const std::string& path) const;

  /// Creates a group that keeps the order of creation of its links. @throws IoError
  Group create_group(const std::string& name);
  /// Creates a numeric dataset that stores T. @throws IoError
  template <class T>
  Dataset create_dataset(const std::string& name, const Layout& layout);
  /// Creates a dataset of UTF-8 strings of variable length. @throws IoError
  Dataset create_string_dataset(const std::string& name, const Layout& layout);

  /// Creates a contiguous 1-D dataset and writes it whole; T as for create_dataset, or
  /// std::string. @throws IoError
  template <class T>
  Dataset write(const std::string& name, const std::vector<T>& values);
  /// Removes a link. @throws IoError
  void remove(const std::string& name);

 private:
  friend class File;
  Group(Handle handle, std::string file, std::string path);
};

enum class Access { read, read_write };

/// An open file. Objects opened from it keep it open until they too are gone.
class File {
 public:
  /// Opens an existing file.
  /// @throws InputError if it is missing, a directory, not permitted or not HDF5
  /// @throws IoError if it is truncated, damaged or in use by another job
  static File open(const std::string& path, Access access);
  /// Creates a new file. @throws IoError if it exists or cannot be created
  static File create(const std::string& path);

  const std::string& path() const { return path_; }
  Group root() const;
  /// Hands everything written so far to the operating system. @throws IoError
  void flush();
  /// Flushes and closes; unlike the destructor it reports failure. Objects opened from the
  /// file must be gone. @throws IoError
  void close();

 private:
  File(Handle handle, std::string path);
  Handle handle_;
  std::string path_;
};

/// Version of the HDF5 library in use: "1.10.8".
std::string library_version();

}  // namespace merit::hdf5
