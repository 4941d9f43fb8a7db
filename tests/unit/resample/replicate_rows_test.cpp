// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_rows.hpp"

#include <boost/test/unit_test.hpp>

using namespace merit;

BOOST_AUTO_TEST_SUITE(replicate_rows)

BOOST_AUTO_TEST_CASE(packing_keeps_every_value) {
  for (const std::int64_t std_errors : {0, 2}) {
    ReplicateRows rows;
    rows.resize(3, 4, std_errors);
    double value = 0.25;
    for (auto* values : {&rows.estimate, &rows.std_error, &rows.log_likelihood}) {
      for (double& x : *values)
        x = value += 1.0;
    }
    rows.status = {0, 1, 4};
    const ReplicateRows again = unpack_replicate_rows(pack(rows));
    BOOST_TEST(again.count == 3);
    BOOST_TEST(again.num_estimates == 4);
    BOOST_TEST(again.num_std_errors == std_errors);
    BOOST_TEST((again.estimate == rows.estimate));
    BOOST_TEST((again.std_error == rows.std_error));
    BOOST_TEST((again.log_likelihood == rows.log_likelihood));
    BOOST_TEST((again.status == rows.status));
  }
  BOOST_TEST(unpack_replicate_rows(pack(ReplicateRows{})).count == 0);
}

BOOST_AUTO_TEST_CASE(statuses_have_names) {
  BOOST_TEST(name(ReplicateStatus::ok) == "ok");
  BOOST_TEST(name(ReplicateStatus::boundary) == "boundary");
  BOOST_TEST(name(ReplicateStatus::not_converged) == "not_converged");
  BOOST_TEST(name(ReplicateStatus::collinear) == "collinear");
  BOOST_TEST(name(ReplicateStatus::degenerate) == "degenerate");
  BOOST_TEST(!failed(ReplicateStatus::ok));
  BOOST_TEST(!failed(ReplicateStatus::boundary));
  BOOST_TEST(failed(ReplicateStatus::not_converged));
  BOOST_TEST(failed(ReplicateStatus::collinear));
  BOOST_TEST(failed(ReplicateStatus::degenerate));
}

BOOST_AUTO_TEST_SUITE_END()
