# SPDX-License-Identifier: MIT
# The headers that most files include, read once per library. Not for kernels: they see no Eigen.
set(common_headers
    <algorithm> <array> <cmath> <cstdint> <functional> <limits> <map> <memory> <optional> <span>
    <string> <string_view> <utility> <vector>)

target_precompile_headers(merit_statistics PRIVATE ${common_headers} <fmt/format.h> <Eigen/Dense>)
target_precompile_headers(merit_io PRIVATE ${common_headers} <fmt/format.h> <Eigen/Dense>)
target_precompile_headers(merit_cli PRIVATE
    ${common_headers} <fmt/format.h> <Eigen/Dense> <nlohmann/json_fwd.hpp>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  foreach(library merit_statistics merit_io merit_cli)
    # ccache reads which header a file was compiled with; GCC 12 warns about its own <string>
    # when it is precompiled (GCC bug 105651).
    target_compile_options(${library} PRIVATE
        -fpch-preprocess -Wno-array-bounds -Wno-restrict
        -Wno-stringop-overflow -Wno-stringop-overread)
  endforeach()
endif()
