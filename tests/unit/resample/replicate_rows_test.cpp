// SPDX-License-Identifier: MIT
#include "engine/resample/replicate_rows.hpp"

#include <algorithm>

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
    std::vector<std::byte> message;
    pack_into(rows, message);
    const ReplicateBytes again = unpack_replicates(message);
    BOOST_TEST(again.count == 3);
    BOOST_TEST(again.num_estimates == 4);
    BOOST_TEST(again.num_std_errors == std_errors);
    BOOST_TEST(again.num_failed() == 1);
    const ReplicateBytes parts = bytes_of(rows);
    BOOST_TEST(std::ranges::equal(again.estimate, parts.estimate));
    BOOST_TEST(std::ranges::equal(again.std_error, parts.std_error));
    BOOST_TEST(std::ranges::equal(again.log_likelihood, parts.log_likelihood));
    BOOST_TEST(std::ranges::equal(again.status, parts.status));
    BOOST_TEST((message == pack(rows)));
    pack_into(ReplicateRows{}, message);
    BOOST_TEST(unpack_replicates(message).count == 0);
  }
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
