// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/bytes.hpp"
#include "engine/resample/intervals.hpp"
#include "engine/resample/replicate_rows.hpp"
#include "engine/resample/tally_kernel.hpp"

/// Means, standard deviations and exact quantiles of very many replicates, without sorting
/// them and without holding them in memory.
///
/// *First pass* (while replicates are made, block by block in any order): per column a count
/// of the values in each of some thousand bins, of those below a fixed origin t₀ and of those
/// far from it, and per block the sums of (t − t₀)^k for k = 1 … 4.
///
/// *Second pass* (over the stored rows): the counts tell in which bin the k-th smallest value
/// lies and how many values lie before that bin; the few values of that bin are collected and
/// the wanted one selected. Bins are a monotone function of the value, so the result is the
/// order statistic itself, whatever the bins are; they are laid about the first values seen.
///
/// *Many hands.* Tallies with the same bins (copies of one that has laid them) add up, and so
/// do the values that several have collected: each thread of each rank counts what it makes.
///
/// A value can be NaN in a row that has estimates: what is computed of them, undefined there. It
/// is counted and left out of its own column alone.
///
/// Blocks' sums are added in the order of their replicates: the same bits in whatever order
/// they came. Cost O(R) per column with a small constant; memory O(bins + blocks).
namespace merit {

class ReplicateTally {
 public:
  static constexpr int kBins = 1024;

  /// @param origin  t₀ of each column: the original estimates
  /// @param far  of each column the distance from t₀ from which on values are counted
  ///             (ReplicateMoments::num_beyond); none given: |t₀|
  explicit ReplicateTally(std::vector<double> origin, std::vector<double> far = {});

  std::size_t num_columns() const { return num_columns_; }

  /// Lays the bins about these replicates, which are not counted. Once, before the first add;
  /// otherwise that lays them about its own.
  void lay_bins(std::span<const double> estimates, std::span<const std::uint8_t> status);

  /// Adds what another tally with the same bins has counted: other blocks.
  void merge(const ReplicateTally& other);

  /// Adds replicates [first, first + status.size()): rows × columns, row by row.
  void add(std::int64_t first,
           std::span<const double> estimates,
           std::span<const std::uint8_t> status);

  /// Whether the block that begins with this replicate has been added.
  bool has(std::int64_t first) const { return blocks_.contains(first); }

  /// How many replicates ended in which way; index: ReplicateStatus. Codes that this version
  /// does not know count as not converged.
  const std::array<std::int64_t, kNumReplicateStatuses>& by_status() const {
    return by_status_;
  }
  std::int64_t num_used() const { return num_used_; }  ///< with estimates
  std::int64_t num_defined(std::size_t column) const;  ///< of these, not NaN
  std::int64_t num_replicates() const;                 ///< added
  ReplicateMoments moments(std::size_t column) const;

 private:
  friend class OrderStatistics;
  friend Bytes pack(const ReplicateTally& tally);
  friend ReplicateTally unpack_tally(std::span<const std::byte> bytes);
  /// Of one block: for each power 1 … 4, per column (padded), Σ (t − t₀)^power.
  using Sums = std::vector<double>;

  int bin(std::size_t column, double value) const;
  std::int64_t count(std::size_t column, int bin) const;
  TallyColumns columns() const;

  std::size_t num_columns_;
  std::vector<double> origin_, far_;    // padded, like the next two
  std::vector<double> low_, per_unit_;  // of the bins; empty before the first estimate
  std::vector<double> below_,
      beyond_;  // counts, padded: whole numbers, so exact in any order
  std::vector<std::int64_t> count_;      // columns × (bins + 1), the last bin for NaN
  std::map<std::int64_t, Sums> blocks_;  // by first replicate
  std::array<std::int64_t, kNumReplicateStatuses> by_status_{};
  std::int64_t num_used_ = 0;
};

Bytes pack(const ReplicateTally& tally);
ReplicateTally unpack_tally(std::span<const std::byte> bytes);

/// The second pass: the k-th smallest values, for some k of each column.
class OrderStatistics {
 public:
  /// @param ranks  of each column, 1 ≤ k ≤ tally.num_defined(column); the tally must outlive
  ///               this
  OrderStatistics(const ReplicateTally& tally,
                  const std::vector<std::vector<std::int64_t>>& ranks);

  /// Whether anything is wanted.
  bool empty() const;

  /// Every row that the tally has seen, once, in any order.
  void add(std::span<const double> estimates, std::span<const std::uint8_t> status);

  /// Takes over what another collected from other rows, for the same tally and ranks.
  void merge(const OrderStatistics& other);
  Bytes pack_values() const;
  void merge_values(std::span<const std::byte> packed);

  /// The k-th smallest value, for a k of `ranks`, once all rows are in.
  double operator()(std::size_t column, std::int64_t k);

 private:
  struct Bin {
    std::int64_t before = 0;  // values in lower bins
    std::vector<double> values;
  };
  void collect(const double* row);

  const ReplicateTally& tally_;
  std::vector<std::map<int, Bin>> wanted_;  // per column
  std::vector<double> ranges_;              // WantedBins: first, end, first, end
};

}  // namespace merit
