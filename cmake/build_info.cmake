# SPDX-License-Identifier: MIT
# merit_build_info: #include "engine/cli/build_info.hpp" gives MERIT_VERSION and
# MERIT_COMMIT. The commit is asked for at every build, not at configuration, and the header
# is touched only when it changes.
set(generated "${PROJECT_BINARY_DIR}/generated")
set(write_build_info
    "${CMAKE_COMMAND}" "-DSOURCE_DIR=${PROJECT_SOURCE_DIR}" "-DVERSION=${PROJECT_VERSION}"
    "-DHEADER=${generated}/engine/cli/build_info.hpp"
    -P "${PROJECT_SOURCE_DIR}/cmake/write_build_info.cmake")
execute_process(COMMAND ${write_build_info} COMMAND_ERROR_IS_FATAL ANY)
add_custom_target(merit_write_build_info COMMAND ${write_build_info} VERBATIM
                  BYPRODUCTS "${generated}/engine/cli/build_info.hpp"
                  COMMENT "Asking git for the commit")

add_library(merit_build_info INTERFACE)
target_include_directories(merit_build_info INTERFACE "${generated}")
add_dependencies(merit_build_info merit_write_build_info)
