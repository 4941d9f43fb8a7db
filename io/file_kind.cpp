// SPDX-License-Identifier: MIT
#include "io/file_kind.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "engine/error.hpp"

namespace merit {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view kHdf5Signature = "\211HDF\r\n\032\n"sv;

struct Signature {
  std::string_view bytes;
  const char* kind;
};

/// Said of what can be made into a snapshot.
constexpr const char* kMakeOne = "; scripts/make_snapshot.py makes a snapshot of it";

constexpr Signature kSignatures[] = {
    {"PK\003\004"sv, "it looks like a zip archive, such as Excel writes"},
    {"\037\213"sv, "it is compressed with gzip: R's .rds and .RData are too"},
    {"RDX"sv, "it looks like R's .RData"},
    {"PAR1"sv, "it looks like a Parquet file"},
    {"CDF"sv, "it looks like an old netCDF file"},
    {"SQLite"sv, "it looks like an SQLite database"},
    {"ARROW1"sv, "it looks like an Arrow file"},
};

/// The signature stands at byte 0, or after a user block of 512, 1024, 2048 … bytes.
bool has_hdf5_signature(std::ifstream& in) {
  char bytes[8];
  for (std::streamoff at = 0; at <= (std::streamoff{1} << 40);
       at = at == 0 ? 512 : 2 * at) {
    in.clear();
    if (!in.seekg(at) || !in.read(bytes, sizeof bytes)) return false;
    if (std::string_view(bytes, sizeof bytes) == kHdf5Signature) return true;
  }
  return false;
}

bool is_text(std::string_view head) {
  return std::none_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
}

std::string describe(std::string_view head) {
  if (head.empty()) return "it is empty";
  for (const Signature& s : kSignatures) {
    if (head.starts_with(s.bytes)) return s.kind;
  }
  if (head.starts_with("$FL2") || head.starts_with("$FL3")) {
    return "it looks like an SPSS file"s + kMakeOne;
  }
  if (head.starts_with("<stata_dta>")) {
    return "it looks like a Stata file"s + kMakeOne;
  }
  // Stata before version 13: release number 104–115, then byte order 1 or 2.
  if (head.size() > 1 && head[0] >= 104 && head[0] <= 115 &&
      (head[1] == 1 || head[1] == 2)) {
    return "it looks like a Stata file"s + kMakeOne;
  }
  if (!is_text(head)) return "its first bytes are those of no format known here";
  const std::string_view line = head.substr(0, head.find('\n'));
  if (line.find('\t') != line.npos) return "it looks like tab-separated text"s + kMakeOne;
  if (line.find(',') != line.npos)
    return "it looks like comma-separated text"s + kMakeOne;
  if (line.find(';') != line.npos)
    return "it looks like semicolon-separated text"s + kMakeOne;
  return "it looks like text";
}

}  // namespace

std::string kind_if_not_hdf5(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw InputError(path +
                     ": cannot be opened: " + std::system_category().message(errno));
  if (has_hdf5_signature(in)) return {};
  in.clear();
  in.seekg(0);
  char head[4096];
  in.read(head, sizeof head);
  return describe({head, static_cast<std::size_t>(in.gcount())});
}

}  // namespace merit
