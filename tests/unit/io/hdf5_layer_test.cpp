// SPDX-License-Identifier: MIT
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "engine/error.hpp"
#include "io/hdf5.hpp"
#include "tests/support/mentions.hpp"

using namespace merit;
using merit::testing::mentions;

BOOST_AUTO_TEST_SUITE(hdf5_layer)

namespace {

/// A path that nothing has, for a file that goes with the test.
class Scratch {
 public:
  Scratch() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "merit-hdf5-XXXXXX").string();
    BOOST_TEST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  std::string path() const { return (folder_ / "x.h5").string(); }

 private:
  std::filesystem::path folder_;
};

/// Runs Python with h5py's `f`, the file; the code asserts.
bool python(const std::string& path, const std::string& code) {
  const std::string command = std::string(MERIT_PYTHON) +
                              " -c \"import h5py, numpy as np, sys; f = h5py.File('" +
                              path + "'); " + code + "\"";
  return std::system(command.c_str()) == 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(attributes_are_read_back_here_and_by_h5py) {
  const Scratch scratch;
  {
    hdf5::File file = hdf5::File::create(scratch.path());
    hdf5::Group root = file.root();
    root.set_attribute("text", std::string("größe"));
    root.set_attribute("count", std::int64_t{-7});
    root.set_attribute("level", 0.95);
    root.set_attribute("flag", true);
    root.set_attribute("names", std::vector<std::string>{"a", ""});
    root.set_attribute("none", std::vector<std::string>{});
    root.set_attribute("counts", std::vector<std::int64_t>{1, 2});
    root.set_attribute("values", std::vector<double>{0.5});
    root.set_attribute("count", std::int64_t{-8});  // replaces
    file.flush();
  }
  const hdf5::Group root = hdf5::File::open(scratch.path(), hdf5::Access::read).root();
  BOOST_TEST(root.attribute_names().size() == 8U);
  BOOST_TEST(root.attribute<std::string>("text") == "größe");
  BOOST_TEST(root.attribute<std::int64_t>("count") == -8);
  BOOST_TEST(root.attribute<double>("level") == 0.95);
  BOOST_TEST(root.attribute<double>("count") == -8.0);
  BOOST_TEST(root.attribute<bool>("flag"));
  BOOST_TEST((root.attribute<std::vector<std::string>>("names") ==
              std::vector<std::string>{"a", ""}));
  BOOST_TEST(root.attribute<std::vector<std::string>>("none").empty());
  BOOST_TEST(root.attribute<std::vector<std::int64_t>>("counts")[1] == 2);
  BOOST_TEST(root.attribute<std::vector<double>>("values")[0] == 0.5);
  BOOST_TEST((root.attribute_type("flag").type_class == hdf5::TypeClass::boolean));

  BOOST_TEST(!root.find_attribute<std::string>("absent"));
  BOOST_TEST(!root.find_attribute<std::string>("count"));
  BOOST_CHECK_EXCEPTION(root.attribute<std::string>("absent"),
                        IoError,
                        mentions({scratch.path(), "no attribute absent"}));
  BOOST_CHECK_EXCEPTION(root.attribute<std::int64_t>("text"),
                        IoError,
                        mentions({"text", "string", "expected one number"}));

  BOOST_TEST(python(scratch.path(),
                    "a = f.attrs; assert a['text'] == 'größe' and a['count'] == -8 and "
                    "a['level'] == 0.95 and a['flag'].dtype == bool and a['flag'] and "
                    "list(a['names']) == ['a', ''] and list(a['counts']) == [1, 2]"));
}

BOOST_AUTO_TEST_CASE(datasets_are_read_back_here_and_by_h5py) {
  const Scratch scratch;
  {
    hdf5::File file = hdf5::File::create(scratch.path());
    hdf5::Group group = file.root().create_group("g");
    hdf5::Layout rows;
    rows.shape = {0, 3};
    rows.chunk = {2, 3};
    rows.extendible = true;
    rows.deflate = 4;
    rows.fill = std::numeric_limits<double>::quiet_NaN();
    hdf5::Dataset matrix = group.create_dataset<double>("matrix", rows);
    matrix.resize(4);
    matrix.write_rows(2, 1, std::vector<double>{1, 2, 3});
    group.write("z_first", std::vector<std::int8_t>{-1, 2});
    group.write("a_second", std::vector<std::uint8_t>{200});
    group.write("text", std::vector<std::string>{"x", "größe"});
    group.write("empty", std::vector<double>{});
    file.close();
  }
  const hdf5::File file = hdf5::File::open(scratch.path(), hdf5::Access::read);
  const hdf5::Group group = file.root().group("g");
  // In the order of creation, not of the alphabet.
  const std::vector<std::string> names = {
      "matrix", "z_first", "a_second", "text", "empty"};
  BOOST_TEST(group.names() == names, boost::test_tools::per_element());
  BOOST_TEST(group.names(2).size() == 2U);

  const hdf5::Dataset matrix = group.dataset("matrix");
  BOOST_TEST((matrix.shape() == std::vector<std::int64_t>{4, 3}));
  BOOST_TEST(matrix.row_size() == 3);
  BOOST_TEST(matrix.storage().filtered);
  BOOST_TEST((matrix.storage().chunk == std::vector<std::int64_t>{2, 3}));
  std::vector<double> row(3);
  matrix.read_rows(2, 1, std::span<double>(row));
  BOOST_TEST(row[2] == 3.0);
  BOOST_TEST(std::isnan(matrix.read<double>()[0]));
  BOOST_TEST(group.dataset("z_first").read<std::int64_t>()[0] == -1);
  BOOST_TEST(group.dataset("a_second").type().name == "uint8");
  BOOST_TEST(group.dataset("text").read_strings()[1] == "größe");
  BOOST_TEST(group.dataset("empty").num_rows() == 0);
  BOOST_TEST(group.dataset("empty").read<double>().empty());

  BOOST_TEST(python(scratch.path(),
                    "g = f['g']; assert g['matrix'].shape == (4, 3) and "
                    "(g['matrix'][2] == [1, 2, 3]).all() and "
                    "np.isnan(g['matrix'][0]).all() and "
                    "g['text'].asstr()[1] == 'größe' and g['z_first'].dtype == 'i1' and "
                    "list(g) == ['matrix', 'z_first', 'a_second', 'text', 'empty']"));
}

// Object times (in seconds) would make them differ.
BOOST_AUTO_TEST_CASE(equal_content_gives_equal_files) {
  const Scratch scratch;
  const auto write = [&] {
    hdf5::File file = hdf5::File::create(scratch.path());
    file.root().create_group("g").write("x", std::vector<double>{1.0});
    file.close();
    std::ifstream in(scratch.path(), std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(in), {});
    std::filesystem::remove(scratch.path());
    return bytes;
  };
  const std::string first = write();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  BOOST_TEST((write() == first));
}

BOOST_AUTO_TEST_CASE(errors_name_file_path_and_operation) {
  const Scratch scratch;
  const std::string path = scratch.path();
  hdf5::File file = hdf5::File::create(path);
  hdf5::Group root = file.root();
  hdf5::Dataset x = root.write("x", std::vector<double>{1.0, 2.0});
  BOOST_CHECK_EXCEPTION(hdf5::File::create(path), IoError, mentions({path, "created"}));
  BOOST_CHECK_EXCEPTION(root.group("x"), IoError, mentions({path, "/x", "a dataset"}));
  BOOST_CHECK_EXCEPTION(root.dataset("y"), IoError, mentions({path, "no /y"}));
  BOOST_CHECK_EXCEPTION(root.create_group("x"), IoError, mentions({path, "group x"}));
  std::vector<double> out(2);
  BOOST_CHECK_EXCEPTION(x.read_rows(1, 2, std::span<double>(out)),
                        IoError,
                        mentions({path, "/x", "rows 1 to 2"}));
  BOOST_CHECK_EXCEPTION(x.read_strings(), IoError, mentions({"/x", "expected text"}));
  BOOST_CHECK_EXCEPTION(x.resize(3), IoError, mentions({"/x", "rows to 3"}));
  BOOST_CHECK_EXCEPTION(
      root.dataset("x").read_rows(0, 2, std::span<double>(out.data(), 1)),
      IoError,
      mentions({"/x"}));
}

BOOST_AUTO_TEST_CASE(a_file_that_another_program_writes_is_in_use) {
  const Scratch scratch;
  hdf5::File::create(scratch.path()).close();
  const std::string lock = "flock -x '" + scratch.path() + "' ";
  const std::string hold = lock + "sh -c 'touch " + scratch.path() + ".held; sleep 5' &";
  BOOST_TEST_REQUIRE(std::system(hold.c_str()) == 0);
  while (!std::filesystem::exists(scratch.path() + ".held")) {
  }
  BOOST_CHECK_EXCEPTION(hdf5::File::open(scratch.path(), hdf5::Access::read_write),
                        IoError,
                        mentions({scratch.path(), "in use"}));
}

BOOST_AUTO_TEST_SUITE_END()
