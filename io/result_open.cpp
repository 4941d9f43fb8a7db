// SPDX-License-Identifier: MIT
#include <filesystem>

#include "engine/error.hpp"
#include "io/file_kind.hpp"
#include "io/isolated.hpp"
#include "io/result_layout.hpp"
#include "io/result_parts.hpp"
#include "io/result_paths.hpp"
#include "io/result_state.hpp"
#include "io/result_store.hpp"

/// Result files are read twice: first in a process of its own, whose end by a crash of HDF5's
/// library says that the file is damaged, then here.
namespace merit {
namespace {

namespace fs = std::filesystem;

/// OUT.h5 itself, or the part that will become it.
std::string existing_file(const std::string& path) {
  std::error_code ignored;
  const bool in_parts =
      !fs::exists(path, ignored) && fs::exists(part_path(path), ignored);
  return in_parts ? part_path(path) : path;
}

}  // namespace

bool is_result_file(const std::string& path) {
  const std::string file = existing_file(path);
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored) || !kind_if_not_hdf5(file).empty())
    return false;
  try {
    const std::string format = run_isolated(file, patience(file), [&] {
      try {
        const hdf5::File opened = hdf5::File::open(file, hdf5::Access::read);
        return opened.root().find_attribute<std::string>("format").value_or("");
      } catch (const Error&) {
        return std::string();
      }
    });
    return format == kResultFormat;
  } catch (const CrashError&) {
    return false;  // damaged: whoever reads it next says what is wrong
  }
}

std::optional<ResultFile> find_stored(const std::string& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return open_result(path);
  const std::string part = part_path(path);
  if (!fs::exists(part, ignored)) return std::nullopt;
  const std::string readable = "readable";
  const auto examine = [&]() -> std::string {
    std::optional<ResultFile::State> state;
    try {
      state.emplace(part);
      state->file.root();
    } catch (const Error&) {
      return "damaged";
    }
    check_format(state->file);
    try {
      state->read_metadata();
    } catch (const Error&) {
      return "damaged";
    }
    return readable;
  };
  try {
    if (run_isolated(part, patience(part), examine) != readable) return std::nullopt;
  } catch (const CrashError&) {
    return std::nullopt;
  }
  ResultFile result;
  result.state_ = std::make_unique<ResultFile::State>(part);
  result.state_->read_metadata();
  result.state_->read_marks();
  return result;
}

ResultFile open_result(const std::string& path) {
  const std::string file = existing_file(path);
  run_isolated(file, patience(file), [&] {
    ResultFile::State(file).read_metadata();
    return std::string();
  });
  ResultFile result;
  result.state_ = std::make_unique<ResultFile::State>(file);
  result.state_->read_metadata();
  result.state_->read_marks();
  return result;
}

}  // namespace merit
