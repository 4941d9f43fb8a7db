# SPDX-License-Identifier: MIT
# cmake -DSOURCE_DIR=… -DVERSION=… -DHEADER=… -P write_build_info.cmake
# The commit is "unknown" outside git, and ends in "-dirty" when files were edited.
set(commit unknown)
find_program(git git)
if(git AND EXISTS "${SOURCE_DIR}/.git")
  execute_process(COMMAND "${git}" -C "${SOURCE_DIR}" describe --always --dirty --abbrev=12
                                   --match "v*"
                  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(described)
    set(commit "${described}")
  endif()
endif()

file(CONFIGURE OUTPUT "${HEADER}" @ONLY CONTENT [[
// SPDX-License-Identifier: MIT
// Written by cmake/write_build_info.cmake.
#pragma once

#define MERIT_VERSION "@VERSION@"
#define MERIT_COMMIT "@commit@"
]])
