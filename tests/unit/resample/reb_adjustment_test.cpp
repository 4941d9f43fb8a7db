// SPDX-License-Identifier: MIT
#include "engine/resample/reb_adjustment.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/random/stream.hpp"
#include "engine/resample/replicate_rows.hpp"

using namespace merit;

BOOST_AUTO_TEST_SUITE(reb_adjustment)

namespace {

constexpr Eigen::Index kWidth = 4;  // two coefficients, τ, σ
const std::vector<double> kOriginal = {0.3, -1.2, 0.5, 2.0};

/// Rows whose τ and σ go together.
Eigen::MatrixXd made_up_rows(Eigen::Index count) {
  Eigen::MatrixXd rows(count, kWidth);
  Stream stream(5, Purpose::residual_rows, 0);
  const auto uniform = [&] { return static_cast<double>(stream.index(1000)) / 1000.0; };
  for (Eigen::Index r = 0; r < count; ++r) {
    const double shared = uniform();
    rows.row(r) << uniform(), uniform() - 1.0, 0.1 + shared, 1.5 + shared + uniform();
  }
  return rows;
}

/// Hands out the rows in blocks of seven.
ReadReplicates read_of(const Eigen::MatrixXd& rows,
                       const std::vector<std::uint8_t>& status) {
  return [&rows, &status](const UseReplicates& use) {
    const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> stored =
        rows;
    for (Eigen::Index first = 0; first < rows.rows(); first += 7) {
      const auto count =
          static_cast<std::size_t>(std::min<Eigen::Index>(7, rows.rows() - first));
      use(first,
          {stored.data() + first * kWidth, count * kWidth},
          {},
          std::span(status).subspan(static_cast<std::size_t>(first), count));
    }
  };
}

Eigen::VectorXd adjusted(const RebAdjustment& adjustment,
                         const Eigen::MatrixXd& rows,
                         Eigen::Index r) {
  Eigen::VectorXd row = rows.row(r);
  adjustment({row.data(), static_cast<std::size_t>(row.size())});
  return row;
}

}  // namespace

// Against the paper's steps with whole matrices.
BOOST_AUTO_TEST_CASE(is_chambers_and_chandras) {
  const Eigen::MatrixXd rows = made_up_rows(40);
  const std::vector<std::uint8_t> status(40, 0);
  const RebAdjustment adjustment(kOriginal, read_of(rows, status));

  const Eigen::MatrixXd S = rows.rightCols(2).array().square().log();
  const Eigen::MatrixXd off = S.rowwise() - S.colwise().mean();
  const Eigen::Matrix2d C = off.transpose() * off / 39.0;
  // The symmetric root of C⁻¹ by Denman & Beavers' iteration, no eigenvalues.
  Eigen::Matrix2d Y = C, Z = Eigen::Matrix2d::Identity();
  for (int step = 0; step < 40; ++step) {
    const Eigen::Matrix2d next = 0.5 * (Y + Z.inverse());
    Z = (0.5 * (Z + Y.inverse())).eval();
    Y = next;
  }
  const Eigen::MatrixXd L =
      (off * Z * C.diagonal().cwiseSqrt().asDiagonal()).rowwise() + S.colwise().mean();
  const Eigen::MatrixXd variance = L.array().exp();
  for (Eigen::Index r = 0; r < 40; ++r) {
    const Eigen::VectorXd got = adjusted(adjustment, rows, r);
    for (Eigen::Index k = 0; k < 2; ++k) {
      const double beta =
          rows(r, k) - rows.col(k).mean() + kOriginal[static_cast<std::size_t>(k)];
      BOOST_TEST(std::abs(got[k] - beta) < 1e-12);
      const double sd = kOriginal[static_cast<std::size_t>(2 + k)] *
                        std::sqrt(variance(r, k) / variance.col(k).mean());
      BOOST_TEST(std::abs(got[2 + k] - sd) < 1e-10);
    }
  }
}

BOOST_AUTO_TEST_CASE(failed_rows_do_not_count_and_zeros_have_no_logarithm) {
  Eigen::MatrixXd rows = made_up_rows(20);
  const std::vector<std::uint8_t> fine(20, 0);
  const RebAdjustment expected(kOriginal, read_of(rows, fine));
  Eigen::MatrixXd more(21, kWidth);
  more << rows, Eigen::RowVectorXd::Constant(kWidth, std::nan(""));
  std::vector<std::uint8_t> status = fine;
  status.push_back(static_cast<std::uint8_t>(ReplicateStatus::not_converged));
  const RebAdjustment got(kOriginal, read_of(more, status));
  BOOST_TEST((adjusted(got, rows, 3) - adjusted(expected, rows, 3)).norm() == 0.0);

  rows(4, 2) = 0.0;
  const Eigen::VectorXd zero =
      adjusted(RebAdjustment(kOriginal, read_of(rows, fine)), rows, 4);
  BOOST_TEST(std::isfinite(zero[0]));
  BOOST_TEST(std::isnan(zero[2]));
  BOOST_TEST(std::isnan(zero[3]));
}

// Nothing to uncorrelate: one row, or the same twice.
BOOST_AUTO_TEST_CASE(too_few_replicates) {
  for (const Eigen::Index count : {1, 2}) {
    const Eigen::MatrixXd rows = made_up_rows(1).replicate(count, 1);
    const std::vector<std::uint8_t> status(static_cast<std::size_t>(count), 0);
    const Eigen::VectorXd got =
        adjusted(RebAdjustment(kOriginal, read_of(rows, status)), rows, 0);
    for (Eigen::Index k = 0; k < kWidth; ++k)
      BOOST_TEST(std::abs(got[k] - kOriginal[static_cast<std::size_t>(k)]) < 1e-12);
  }
}

BOOST_AUTO_TEST_SUITE_END()
