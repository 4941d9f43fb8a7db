// SPDX-License-Identifier: MIT
#include "io/shared_part.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/unit/io/example_result.hpp"

using namespace merit;
using namespace merit::example;

BOOST_AUTO_TEST_SUITE(shared_part)

BOOST_AUTO_TEST_CASE(a_file_filled_by_two_is_the_file_of_one) {
  const Scratch scratch;
  write_example(scratch / "one.h5", {0, 1, 2});
  {
    ResultWriter writer(scratch / "two.h5", example_contents(), false);
    std::optional<SharedPart> part = SharedPart::open(writer.access());
    BOOST_TEST_REQUIRE(part.has_value());
    BOOST_TEST(part->num_blocks() == 3);
    part->write_block(4, bytes_of(example_rows(4, 4)));
    writer.note_block(4);
    writer.write_block(0, example_rows(0, 4));
    BOOST_TEST(writer.num_replicates() == 8);
    part->write_block(8, bytes_of(example_rows(8, 2)));
    BOOST_TEST(!writer.has_block(2));  // not told yet
    writer.note_block(8);
    writer.note_block(8);  // twice is once
    BOOST_TEST(writer.num_replicates() == 10);
    writer.finish();

    // What the other process reads after the file has got its name.
    std::vector<double> estimates;
    std::vector<std::uint8_t> status;
    part->read_estimates(2, estimates, status);
    BOOST_TEST(status == example_rows(8, 2).status, boost::test_tools::per_element());
    BOOST_TEST(estimates.size() == example_rows(8, 2).estimate.size());
  }
  const ResultFile one = open_result(scratch / "one.h5");
  const ResultFile two = open_result(scratch / "two.h5");
  BOOST_TEST(two.complete());
  BOOST_TEST(two.damaged_blocks().empty());
  for (const std::int64_t block : {0, 1, 2}) {
    // NaN of failed rows included, hence as bytes.
    const ReplicateRows a = one.read_block(block), b = two.read_block(block);
    const auto same = [](std::span<const std::byte> x, std::span<const std::byte> y) {
      return std::ranges::equal(x, y);
    };
    BOOST_TEST(same(bytes_of(a).estimate, bytes_of(b).estimate));
    BOOST_TEST(same(bytes_of(a).std_error, bytes_of(b).std_error));
    BOOST_TEST(same(bytes_of(a).log_likelihood, bytes_of(b).log_likelihood));
    BOOST_TEST(same(bytes_of(a).status, bytes_of(b).status));
  }
}

// A process that is killed after its writes and before its notice loses nothing.
BOOST_AUTO_TEST_CASE(what_was_written_without_notice_is_found_on_resume) {
  const Scratch scratch;
  const std::string path = scratch / "out.h5";
  {
    ResultWriter writer(path, example_contents(), false);
    SharedPart::open(writer.access())->write_block(4, bytes_of(example_rows(4, 4)));
  }
  const ResultWriter resumed = ResultWriter::resume(path, example_contents());
  BOOST_TEST(resumed.has_block(1));
  BOOST_TEST(!resumed.has_block(0));
}

BOOST_AUTO_TEST_CASE(another_file_under_the_same_path_is_not_taken) {
  const Scratch scratch;
  ResultWriter writer(scratch / "out.h5", example_contents(), false);
  const Bytes access = writer.access();
  const std::string part = writer.part_path();
  fs::rename(part, part + ".moved");
  BOOST_TEST(!SharedPart::open(access).has_value());
  fs::copy_file(part + ".moved", part);
  BOOST_TEST(!SharedPart::open(access).has_value());
}

BOOST_AUTO_TEST_CASE(rows_that_are_no_block_are_refused) {
  const Scratch scratch;
  ResultWriter writer(scratch / "out.h5", example_contents(), false);
  SharedPart part = *SharedPart::open(writer.access());
  BOOST_CHECK_THROW(part.write_block(0, bytes_of(example_rows(0, 3))), std::logic_error);
  BOOST_CHECK_THROW(part.write_block(2, bytes_of(example_rows(2, 4))), std::logic_error);
  BOOST_CHECK_THROW(part.write_block(12, bytes_of(example_rows(12, 4))),
                    std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()
