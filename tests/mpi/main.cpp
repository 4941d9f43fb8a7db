// SPDX-License-Identifier: MIT
#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include <boost/test/unit_test.hpp>

#include "engine/run/communicator.hpp"

// Every rank runs every test: started by mpirun, or alone.
int main(int argc, char** argv) {
  const merit::MpiSession session(argc, argv);
  return boost::unit_test::unit_test_main([] { return true; }, argc, argv);
}
