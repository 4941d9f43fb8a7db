// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_rows.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace merit {
namespace {

struct Header {
  std::int64_t count;
  std::int64_t num_estimates;
  std::int64_t num_std_errors;
  std::int64_t num_shares;
};

void append(std::span<const std::byte> values, std::byte*& to) {
  if (!values.empty()) std::memcpy(to, values.data(), values.size());
  to += values.size();
}

}  // namespace

std::string_view name(ReplicateStatus status) {
  constexpr std::array<std::string_view, kNumReplicateStatuses> names = {"ok",
                                                                         "boundary",
                                                                         "not_converged",
                                                                         "collinear",
                                                                         "degenerate",
                                                                         "separated",
                                                                         "no_answer",
                                                                         "improper"};
  return names.at(static_cast<std::size_t>(status));
}

void ReplicateRows::resize(std::int64_t rows,
                           std::int64_t estimates,
                           std::int64_t std_errors,
                           std::int64_t shares) {
  count = rows;
  num_estimates = estimates;
  num_std_errors = std_errors;
  num_shares = shares;
  estimate.resize(static_cast<std::size_t>(rows * estimates));
  std_error.resize(static_cast<std::size_t>(rows * std_errors));
  inner_share.resize(static_cast<std::size_t>(rows * shares));
  log_likelihood.resize(static_cast<std::size_t>(rows));
  status.resize(static_cast<std::size_t>(rows));
}

std::int64_t ReplicateBytes::num_failed() const {
  return std::count_if(status.begin(), status.end(), [](std::byte code) {
    return !has_estimate(static_cast<std::uint8_t>(code));
  });
}

std::span<const double> estimates_of(const ReplicateBytes& rows) {
  return {reinterpret_cast<const double*>(rows.estimate.data()),
          rows.estimate.size() / sizeof(double)};
}

std::span<const std::uint8_t> statuses_of(const ReplicateBytes& rows) {
  return {reinterpret_cast<const std::uint8_t*>(rows.status.data()), rows.status.size()};
}

ReplicateBytes bytes_of(const ReplicateRows& rows) {
  return {.count = rows.count,
          .num_estimates = rows.num_estimates,
          .num_std_errors = rows.num_std_errors,
          .num_shares = rows.num_shares,
          .estimate = std::as_bytes(std::span(rows.estimate)),
          .std_error = std::as_bytes(std::span(rows.std_error)),
          .inner_share = std::as_bytes(std::span(rows.inner_share)),
          .log_likelihood = std::as_bytes(std::span(rows.log_likelihood)),
          .status = std::as_bytes(std::span(rows.status))};
}

std::vector<std::byte> pack(const ReplicateRows& rows) {
  std::vector<std::byte> bytes;
  pack_into(rows, bytes);
  return bytes;
}

void pack_into(const ReplicateRows& rows, std::vector<std::byte>& bytes) {
  const Header header{
      rows.count, rows.num_estimates, rows.num_std_errors, rows.num_shares};
  const ReplicateBytes parts = bytes_of(rows);
  const std::size_t size = sizeof header + parts.estimate.size() +
                           parts.std_error.size() + parts.inner_share.size() +
                           parts.log_likelihood.size() + parts.status.size();
  // Messages stand one behind the other: the doubles of the next are aligned too.
  bytes.resize((size + alignof(double) - 1) / alignof(double) * alignof(double));
  std::byte* to = bytes.data();
  append(std::as_bytes(std::span(&header, 1)), to);
  append(parts.estimate, to);
  append(parts.std_error, to);
  append(parts.inner_share, to);
  append(parts.log_likelihood, to);
  append(parts.status, to);
}

ReplicateBytes unpack_replicates(std::span<const std::byte> bytes) {
  Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes = bytes.subspan(sizeof header);
  const auto take = [&bytes](std::int64_t size) {
    const auto taken = bytes.first(static_cast<std::size_t>(size));
    bytes = bytes.subspan(taken.size());
    return taken;
  };
  constexpr std::int64_t kDouble = sizeof(double);
  ReplicateBytes rows{.count = header.count,
                      .num_estimates = header.num_estimates,
                      .num_std_errors = header.num_std_errors,
                      .num_shares = header.num_shares};
  rows.estimate = take(rows.count * rows.num_estimates * kDouble);
  rows.std_error = take(rows.count * rows.num_std_errors * kDouble);
  rows.inner_share = take(rows.count * rows.num_shares * kDouble);
  rows.log_likelihood = take(rows.count * kDouble);
  rows.status = take(rows.count);
  return rows;
}

}  // namespace merit
