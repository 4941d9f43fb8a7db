// SPDX-License-Identifier: MIT
#include "engine/model/moments_kernel.hpp"

#include "engine/simd/lanes.hpp"

namespace merit::MERIT_SIMD_NAMESPACE {
namespace {

constexpr std::int64_t kTile = kMomentsTile;
constexpr std::int64_t kPitch = kMomentsPitch;

MERIT_INLINE std::int64_t pair(int a, int b) {
  return std::int64_t{a} * (a + 1) / 2 + b;
}

/// Deviations of row i from its group's origin: into a column-wise tile, and into the sums.
MERIT_INLINE void add_deviations(const MomentsSums& to,
                                 const double* const* columns,
                                 std::int64_t row,
                                 std::int64_t at,
                                 std::int64_t i) {
  for (int a = 0; a < to.num_columns; ++a) {
    double* origin = to.cells + at + cell(a);
    const double deviation = columns[a][row] - *origin;
    origin[kCellOfSum] += deviation;
    to.tile[a * kPitch + i] = deviation;
  }
}

#if MERIT_SIMD_LEVEL >= 3
/// Two halves of a register from two places.
MERIT_INLINE __m256d load_halves(const double* low, const double* high) {
  return _mm256_insertf128_pd(
      _mm256_castpd128_pd256(_mm_loadu_pd(low)), _mm_loadu_pd(high), 1);
}
MERIT_INLINE void store_halves(double* low, double* high, __m256d a) {
  _mm_storeu_pd(low, _mm256_castpd256_pd128(a));
  _mm_storeu_pd(high, _mm256_extractf128_pd(a, 1));
}

/// Four rows of four columns into four columns of a tile.
MERIT_INLINE void store_four_columns(
    double* tile, __m256d r0, __m256d r1, __m256d r2, __m256d r3) {
  store_halves(tile, tile + 2 * kPitch, _mm256_unpacklo_pd(r0, r1));
  store_halves(tile + kPitch, tile + 3 * kPitch, _mm256_unpackhi_pd(r0, r1));
  store_halves(tile + 2, tile + 2 * kPitch + 2, _mm256_unpacklo_pd(r2, r3));
  store_halves(tile + kPitch + 2, tile + 3 * kPitch + 2, _mm256_unpackhi_pd(r2, r3));
}

/// The same for four columns of a tile's rows, four rows at a time: columns are transposed to
/// rows, and back. Returns the rows done.
MERIT_INLINE std::int64_t add_four_columns(const double* const* columns,
                                           const std::int32_t* at,
                                           std::int64_t count,
                                           double* __restrict__ cells,
                                           double* __restrict__ tile) {
  std::int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const __m256d even01 = load_halves(columns[0] + i, columns[2] + i);
    const __m256d odd01 = load_halves(columns[1] + i, columns[3] + i);
    const __m256d even23 = load_halves(columns[0] + i + 2, columns[2] + i + 2);
    const __m256d odd23 = load_halves(columns[1] + i + 2, columns[3] + i + 2);
    __m256d r[4] = {_mm256_unpacklo_pd(even01, odd01),
                    _mm256_unpackhi_pd(even01, odd01),
                    _mm256_unpacklo_pd(even23, odd23),
                    _mm256_unpackhi_pd(even23, odd23)};
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      double* origin = cells + at[i + k];
      double* sum = origin + kCellOfSum;
      r[k] = r[k] - _mm256_load_pd(origin);
      _mm256_store_pd(sum, _mm256_load_pd(sum) + r[k]);
    }
    store_four_columns(tile + i, r[0], r[1], r[2], r[3]);
  }
  return i;
}
#endif

/// Zeros behind the last row, up to a multiple of eight rows. Returns that many rows.
MERIT_INLINE std::int64_t fill_tile(const MomentsSums& to, std::int64_t count) {
  const std::int64_t full = (count + kLanes - 1) / kLanes * kLanes;
  for (int a = 0; a < to.num_columns; ++a) {
    for (std::int64_t i = count; i < full; ++i)
      to.tile[a * kPitch + i] = 0.0;
  }
  return full;
}

/// The products of columns a, a+1 with b, b+1, over the rows of a tile.
MERIT_INLINE void add_two_by_two(const MomentsSums& to, std::int64_t rows, int a, int b) {
  const bool wide = b + 1 <= a, tall = a + 1 < to.num_columns;
  const double* a0 = to.tile + a * kPitch;
  const double* a1 = tall ? a0 + kPitch : a0;
  const double* b0 = to.tile + b * kPitch;
  const double* b1 = b + 1 < to.num_columns ? b0 + kPitch : b0;
  Lanes sum00 = broadcast(0.0), sum01 = sum00, sum10 = sum00, sum11 = sum00;
#pragma GCC unroll 2
  for (std::int64_t i = 0; i < rows; i += kLanes) {
    const Lanes left0 = load(a0 + i), left1 = load(a1 + i);
    const Lanes right0 = load(b0 + i), right1 = load(b1 + i);
    sum00 = fma(left0, right0, sum00);
    sum01 = fma(left0, right1, sum01);
    sum10 = fma(left1, right0, sum10);
    sum11 = fma(left1, right1, sum11);
  }
  const auto add = [&](int row, int column, Lanes sum) {
    double* cross = to.cross + pair(row, column) * kLanes;
    store(cross, load(cross) + sum);
  };
  add(a, b, sum00);
  if (wide) add(a, b + 1, sum01);
  if (!tall) return;
  add(a + 1, b, sum10);
  add(a + 1, b + 1, sum11);
}

MERIT_INLINE void add_tile(const MomentsSums& to, std::int64_t rows) {
  for (int a = 0; a < to.num_columns; a += 2) {
    for (int b = 0; b <= a; b += 2)
      add_two_by_two(to, rows, a, b);
  }
}

void add_rows(const MomentsSums& to,
              const double* const* columns,
              const std::int32_t* at,
              std::int64_t count) {
  for (std::int64_t begin = 0; begin < count; begin += kTile) {
    const std::int64_t rows = count - begin < kTile ? count - begin : kTile;
    std::int64_t i = 0;
#if MERIT_SIMD_LEVEL >= 3
    for (int a = 0; a < to.num_columns; a += 4) {
      const double* four[4];  // the last column instead of those that are not there
      for (int k = 0; k < 4; ++k) {
        const int column = a + k < to.num_columns ? a + k : to.num_columns - 1;
        four[k] = columns[column] + begin;
      }
      i = add_four_columns(
          four, at + begin, rows, to.cells + cell(a), to.tile + a * kPitch);
    }
#endif
    for (; i < rows; ++i)
      add_deviations(to, columns, begin + i, at[begin + i], i);
    add_tile(to, fill_tile(to, rows));
  }
}

void add_rows_apart(const MomentsSums& to,
                    const double* const* columns,
                    const std::int32_t* at,
                    std::int64_t count) {
  const int width = (to.num_columns + kLanes - 1) / kLanes * kLanes;
  const std::int64_t matrix = std::int64_t{to.num_columns} * width;
  const int cells = group_cells(to.num_columns);
  double* row = to.tile;
  for (int a = 0; a < width; ++a)
    row[a] = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    double* group = to.cells + at[i];
    for (int a = 0; a < to.num_columns; ++a) {
      row[a] = columns[a][i] - group[cell(a)];
      group[cell(a) + kCellOfSum] += row[a];
    }
    double* cross = to.cross + at[i] / cells * matrix;
    for (int a = 0; a < to.num_columns; ++a, cross += width) {
      for (int b = 0; b <= a; b += kLanes)
        store(cross + b, fma(broadcast(row[a]), load(row + b), load(cross + b)));
    }
  }
}

/// Rows to the columns of a tile.
MERIT_INLINE void transpose_rows(const MomentsSums& to,
                                 const double* rows,
                                 int stride,
                                 std::int64_t count) {
  std::int64_t i = 0;
#if MERIT_SIMD_LEVEL >= 3
  for (; i + 4 <= count; i += 4) {
    const double* row = rows + i * stride;
    double* tile = to.tile + i;
    for (int a = 0; a < stride; a += 4, row += 4, tile += 4 * kPitch) {
      store_four_columns(tile,
                         _mm256_loadu_pd(row),
                         _mm256_loadu_pd(row + stride),
                         _mm256_loadu_pd(row + 2 * stride),
                         _mm256_loadu_pd(row + 3 * stride));
    }
  }
#endif
  for (; i < count; ++i) {
    for (int a = 0; a < to.num_columns; ++a)
      to.tile[a * kPitch + i] = rows[i * stride + a];
  }
}

void add_products(const MomentsSums& to,
                  const double* rows,
                  int stride,
                  std::int64_t count) {
  for (std::int64_t begin = 0; begin < count; begin += kTile) {
    const std::int64_t in_tile = count - begin < kTile ? count - begin : kTile;
    transpose_rows(to, rows + begin * stride, stride, in_tile);
    add_tile(to, fill_tile(to, in_tile));
  }
}

}  // namespace

MomentsKernel moments_kernel() {
  return {add_rows, add_rows_apart, add_products};
}

}  // namespace merit::MERIT_SIMD_NAMESPACE
