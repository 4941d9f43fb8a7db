// SPDX-License-Identifier: MIT
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "engine/error.hpp"
#include "io/file_kind.hpp"
#include "io/hdf5_detail.hpp"

namespace merit::hdf5 {

Handle::Handle(Handle&& other) noexcept
    : id_(std::exchange(other.id_, -1)), close_(other.close_) {}

Handle& Handle::operator=(Handle&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(close_, other.close_);
  return *this;
}

Handle::~Handle() {
  if (id_ >= 0 && close_ != nullptr) close_(id_);
}

Handle::Id Handle::release() {
  return std::exchange(id_, -1);
}

void silence() {
  static const bool done = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  static_cast<void>(done);
}

std::string reason() {
  std::string text;
  const auto keep_innermost = [](unsigned n, const H5E_error2_t* error, void* out) {
    if (n == 0 && error->desc != nullptr) {
      *static_cast<std::string*>(out) = error->desc;
    }
    return herr_t{0};
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &text);
  const std::string quote = "error message = '";
  const std::size_t begin = text.find(quote);
  if (begin != std::string::npos && text.find("lock") == std::string::npos) {
    const std::size_t from = begin + quote.size();
    const std::size_t end = text.find('\'', from);
    if (end != std::string::npos) return text.substr(from, end - from);
  }
  return text.empty() ? "HDF5 gives no reason" : text;
}

std::string label(const std::string& file, const std::string& path) {
  return path.empty() || path == "/" ? file : file + ": " + path;
}

herr_t refuse_link(
    const char*, const char*, const char*, const char*, unsigned*, hid_t, void*) {
  return -1;
}

hid_t inside_file_only() {
  static const hid_t list = [] {
    const hid_t id = H5Pcreate(H5P_LINK_ACCESS);
    H5Pset_elink_cb(id, refuse_link, nullptr);
    return id;
  }();
  return list;
}

namespace {

Handle file_access(bool lock) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fclose_degree(access.id(), H5F_CLOSE_WEAK);
#if H5_VERSION_GE(1, 10, 7)
  // Some cluster file systems know no locks: that alone is no reason not to read.
  H5Pset_file_locking(access.id(), lock, true);
#else
  static_cast<void>(lock);
#endif
  return access;
}

/// Values go to the file when they are written: HDF5 would otherwise hold small ones back until
/// their dataset is closed, and a failure then has nobody to tell.
void write_through(const Handle& access) {
  H5Pset_sieve_buf_size(access.id(), 0);
}

/// Refuses what HDF5 would answer with a riddle, or wait for.
void check_openable(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const int error = errno;
    if (error == ENOENT) throw InputError(path + ": no such file");
    throw InputError(path +
                     ": cannot be opened: " + std::system_category().message(error));
  }
  if (S_ISDIR(status.st_mode)) {
    throw InputError(path + ": is a directory; expected an HDF5 file");
  }
  if (!S_ISREG(status.st_mode)) {
    throw InputError(path + ": is not a regular file; expected an HDF5 file");
  }
}

[[noreturn]] void throw_open_error(const std::string& path, const std::string& why) {
  const auto says = [&](const char* words) {
    return why.find(words) != std::string::npos;
  };
  if (says("truncated")) {
    throw IoError(path + ": is truncated (" + why + "); copy or make it again");
  }
  if (says("lock")) {
    if (says("errno = 11,")) {
      throw IoError(path + ": is in use by another program, which has locked it");
    }
    throw IoError(path + ": cannot be locked on this file system (" + why +
                  "); set HDF5_USE_FILE_LOCKING=FALSE if no other job uses the file");
  }
  if (says("Permission denied")) throw InputError(path + ": permission denied");
  throw IoError(path + ": is damaged or cannot be opened as HDF5: " + why);
}

}  // namespace

File::File(Handle handle, std::string path)
    : handle_(std::move(handle)), path_(std::move(path)) {}

File File::open(const std::string& path, Access access) {
  silence();
  check_openable(path);
  if (const std::string kind = kind_if_not_hdf5(path); !kind.empty()) {
    throw InputError(path + ": is not an HDF5 file (" + kind + ")");
  }
  const unsigned flags = access == Access::read ? H5F_ACC_RDONLY : H5F_ACC_RDWR;
  const Handle locked = file_access(true);
  const Handle unlocked = file_access(false);
  if (access == Access::read_write) write_through(locked);
  Handle file(H5Fopen(path.c_str(), flags, locked.id()), H5Fclose);
  std::string why = file ? "" : reason();
  if (!file && access == Access::read && why.find("lock") != std::string::npos &&
      why.find("errno = 11,") == std::string::npos) {
    // Not held by anybody (EAGAIN): the file system cannot lock. Reading may go on.
    file = Handle(H5Fopen(path.c_str(), flags, unlocked.id()), H5Fclose);
    if (!file) why = reason();
  }
  if (!file) throw_open_error(path, why);
  return File(std::move(file), path);
}

File File::create(const std::string& path) {
  silence();
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_link_creation_order(creation.id(),
                             H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  const Handle access = file_access(true);
  write_through(access);
  Handle file(H5Fcreate(path.c_str(), H5F_ACC_EXCL, creation.id(), access.id()),
              H5Fclose);
  if (!file) throw IoError(path + ": cannot be created: " + reason());
  return File(std::move(file), path);
}

Group File::root() const {
  Handle root(H5Gopen2(handle_.id(), "/", H5P_DEFAULT), H5Gclose);
  if (!root)
    throw IoError(path_ + ": damaged: the root group cannot be read: " + reason());
  return Group(std::move(root), path_, "/");
}

void File::flush() {
  if (H5Fflush(handle_.id(), H5F_SCOPE_LOCAL) < 0) {
    throw IoError(path_ + ": writing failed: " + reason());
  }
}

void File::close() {
  if (!handle_) return;
  flush();
  if (H5Fclose(handle_.release()) < 0) {
    throw IoError(path_ + ": writing failed when the file was closed: " + reason());
  }
}

std::string library_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." +
         std::to_string(release);
}

}  // namespace merit::hdf5
