// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace merit {

/// How a replicate ended. Stored as one byte per replicate; the numbers never change.
enum class ReplicateStatus : std::uint8_t {
  ok = 0,
  boundary = 1,       ///< τ̂ = 0: a legitimate estimate, counted apart
  not_converged = 2,  ///< estimates are NaN
  collinear = 3,      ///< the resampled X has collinear columns; estimates are NaN
  degenerate = 4,     ///< no (residual) variation left; estimates are NaN
  separated = 5,  ///< an estimate ran to infinity (binary, ordinal); estimates are NaN
  no_answer =
      6,         ///< a user's own estimator gave none that can be used; estimates are NaN
  improper = 7,  ///< there is no posterior under these priors; estimates are NaN
};

inline constexpr int kNumReplicateStatuses = 8;

/// Name in tables, JSON and files: "ok", "boundary", "not_converged", …
std::string_view name(ReplicateStatus status);

/// True for outcomes without estimates.
constexpr bool failed(ReplicateStatus status) {
  return status != ReplicateStatus::ok && status != ReplicateStatus::boundary;
}

/// The same of a stored code. Codes of a later version are failures whose reason we cannot
/// name.
constexpr bool has_estimate(std::uint8_t code) {
  return code < kNumReplicateStatuses && !failed(static_cast<ReplicateStatus>(code));
}

/// Results of consecutive replicates, one row each, as they are stored.
struct ReplicateRows {
  std::int64_t count = 0;
  std::int64_t num_estimates = 0;  ///< p + 2: β̂, τ̂, σ̂; without σ p + 1
  /// Of the first so many estimates, or 0 when they are not kept. What has none is NaN.
  std::int64_t num_std_errors = 0;
  std::int64_t num_shares = 0;    ///< of the estimates after a double bootstrap, or 0
  std::vector<double> estimate;   ///< count × num_estimates, row-major
  std::vector<double> std_error;  ///< count × num_std_errors, row-major
  /// count × num_shares, row-major: share of the inner replicates that are not above the
  /// estimate of the data as they are
  std::vector<double> inner_share;
  std::vector<double> log_likelihood;  ///< count
  std::vector<std::uint8_t> status;    ///< count, ReplicateStatus

  void resize(std::int64_t rows,
              std::int64_t estimates,
              std::int64_t std_errors,
              std::int64_t shares = 0);
};

/// The same rows as bytes that lie elsewhere, in the order in which they are stored.
struct ReplicateBytes {
  std::int64_t count = 0;
  std::int64_t num_estimates = 0;
  std::int64_t num_std_errors = 0;
  std::int64_t num_shares = 0;
  std::span<const std::byte> estimate = {};
  std::span<const std::byte> std_error = {};
  std::span<const std::byte> inner_share = {};
  std::span<const std::byte> log_likelihood = {};
  std::span<const std::byte> status = {};

  std::int64_t num_failed() const;
};

/// As numbers; of the rows of unpack_replicates and bytes_of, whose doubles are aligned.
std::span<const double> estimates_of(const ReplicateBytes& rows);
std::span<const std::uint8_t> statuses_of(const ReplicateBytes& rows);

ReplicateBytes bytes_of(const ReplicateRows& rows);

/// One contiguous message: what a rank sends to the writer. Its length is a multiple of 8.
std::vector<std::byte> pack(const ReplicateRows& rows);
/// The same in `bytes`: used again for rows of the same shape, it costs no allocation.
void pack_into(const ReplicateRows& rows, std::vector<std::byte>& bytes);
/// Reads it where it lies.
ReplicateBytes unpack_replicates(std::span<const std::byte> bytes);

}  // namespace merit
