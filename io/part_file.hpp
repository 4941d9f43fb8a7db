// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace merit {

/// Tells files apart on one machine, whatever their paths.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// A file that is filled at known places by several threads, with errors in the operating
/// system's words. Knows nothing of HDF5.
class PartFile {
 public:
  /// Opens an existing file for writing. @throws IoError
  explicit PartFile(std::string path);
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  PartFile(PartFile&&) = delete;
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();

  FileIdentity identity() const;  ///< @throws IoError

  /// Makes sure that the file can grow to `bytes`: their space is reserved on the disk, or,
  /// where the file system cannot do that or lives in memory, found to be free.
  /// @throws IoError "FILE: …: No space left on device; …"
  void reserve(std::int64_t bytes);

  /// Writes all of `bytes` at `offset`. @throws IoError
  void write_at(std::int64_t offset, std::span<const std::byte> bytes);

  /// Reads all of `bytes` at `offset`. @throws IoError, also at the end of the file
  void read_at(std::int64_t offset, std::span<std::byte> bytes) const;

  /// Waits until what was written is on the disk. @throws IoError
  void sync();

  /// Looks whether this file is still what its path leads to. @throws IoError if not: what
  /// is written to it would be lost with the process
  void check_in_place() const;

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// "No space left on device (123 kB free)": the operating system's words for an error with
/// `path`, and the room left where that is the matter.
std::string os_reason(int error_number, const std::string& path);

/// Waits until the names in the directory of `path` are on the disk. @throws IoError
void sync_directory(const std::string& path);

/// Renames a file within one file system, so that either name is there after a crash, never
/// neither. Its contents should have been synced before. @throws IoError
void rename_durably(const std::string& from, const std::string& to);

}  // namespace merit
