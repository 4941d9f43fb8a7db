// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_rows.hpp"

#include <array>
#include <cstring>

namespace merit {
namespace {

struct Header {
  std::int64_t count;
  std::int64_t num_estimates;
  std::int64_t num_std_errors;
};

template <class T>
void append(std::byte*& to, const std::vector<T>& values) {
  const std::size_t bytes = values.size() * sizeof(T);
  if (bytes > 0) std::memcpy(to, values.data(), bytes);
  to += bytes;
}

template <class T>
void take(const std::byte*& from, std::vector<T>& values) {
  const std::size_t bytes = values.size() * sizeof(T);
  if (bytes > 0) std::memcpy(values.data(), from, bytes);
  from += bytes;
}

}  // namespace

std::string_view name(ReplicateStatus status) {
  constexpr std::array<std::string_view, kNumReplicateStatuses> names = {
      "ok", "boundary", "not_converged", "collinear", "degenerate", "separated"};
  return names.at(static_cast<std::size_t>(status));
}

void ReplicateRows::resize(std::int64_t rows,
                           std::int64_t estimates,
                           std::int64_t std_errors) {
  count = rows;
  num_estimates = estimates;
  num_std_errors = std_errors;
  estimate.resize(static_cast<std::size_t>(rows * estimates));
  std_error.resize(static_cast<std::size_t>(rows * std_errors));
  log_likelihood.resize(static_cast<std::size_t>(rows));
  status.resize(static_cast<std::size_t>(rows));
}

std::vector<std::byte> pack(const ReplicateRows& rows) {
  const Header header{rows.count, rows.num_estimates, rows.num_std_errors};
  const std::size_t doubles =
      rows.estimate.size() + rows.std_error.size() + rows.log_likelihood.size();
  std::vector<std::byte> bytes(sizeof header + doubles * sizeof(double) +
                               rows.status.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::byte* to = bytes.data() + sizeof header;
  append(to, rows.estimate);
  append(to, rows.std_error);
  append(to, rows.log_likelihood);
  append(to, rows.status);
  return bytes;
}

ReplicateRows unpack_replicate_rows(std::span<const std::byte> bytes) {
  Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  ReplicateRows rows;
  rows.resize(header.count, header.num_estimates, header.num_std_errors);
  const std::byte* from = bytes.data() + sizeof header;
  take(from, rows.estimate);
  take(from, rows.std_error);
  take(from, rows.log_likelihood);
  take(from, rows.status);
  return rows;
}

}  // namespace merit
