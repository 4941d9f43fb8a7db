// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace merit::testing {

/// For BOOST_CHECK_EXCEPTION: the error's text has all of these.
inline auto mentions(std::vector<std::string> parts) {
  return [parts = std::move(parts)](const std::exception& error) {
    const std::string_view text = error.what();
    for (const std::string& part : parts) {
      if (text.find(part) != std::string_view::npos) continue;
      BOOST_TEST_MESSAGE("no '" << part << "' in: " << text);
      return false;
    }
    return true;
  };
}

}  // namespace merit::testing
