// SPDX-License-Identifier: MIT
#pragma once

// Shared by io/hdf5_*.cpp only: the one place that includes HDF5's header.

#include <string>
#include <type_traits>

#include <hdf5.h>

#include "io/hdf5.hpp"

namespace merit::hdf5 {

static_assert(std::is_same_v<hid_t, Handle::Id>, "HDF5 1.10 or later is needed");

/// Turns HDF5's own printing of errors off, once.
void silence();

/// The innermost reason that HDF5 gives for the last failure; the operating system's words
/// where it quotes them ("No space left on device"). Any other call to HDF5 clears it, closing
/// a handle too.
std::string reason();

/// Called by HDF5 for a link that leads into another file: refuses it.
herr_t refuse_link(
    const char*, const char*, const char*, const char*, unsigned*, hid_t, void*);
/// An access list for links that does so.
hid_t inside_file_only();

/// The type in memory of T.
template <class T>
hid_t native_type() {
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, std::int8_t>) return H5T_NATIVE_INT8;
  if constexpr (std::is_same_v<T, std::int16_t>) return H5T_NATIVE_INT16;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
  if constexpr (std::is_same_v<T, std::uint64_t>) return H5T_NATIVE_UINT64;
}

/// The type in the file of T: little-endian on every machine.
template <class T>
hid_t stored_type() {
  if constexpr (std::is_same_v<T, double>) return H5T_IEEE_F64LE;
  if constexpr (std::is_same_v<T, std::int8_t>) return H5T_STD_I8LE;
  if constexpr (std::is_same_v<T, std::int16_t>) return H5T_STD_I16LE;
  if constexpr (std::is_same_v<T, std::int32_t>) return H5T_STD_I32LE;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_STD_I64LE;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_STD_U8LE;
  if constexpr (std::is_same_v<T, std::uint64_t>) return H5T_STD_U64LE;
}

/// UTF-8, variable length.
Handle string_type();
/// h5py's bool: an 8-bit enumeration of FALSE = 0 and TRUE = 1.
Handle bool_type();

/// Plain description of an HDF5 type.
Type describe(hid_t type, int depth = 0);

/// "FILE: PATH", the way every message begins.
std::string label(const std::string& file, const std::string& path);

}  // namespace merit::hdf5
