# SPDX-License-Identifier: MIT
# cmake --install BUILD --prefix DIR: bin/merit, the headers in include/merit (with the
# paths they have here: #include "engine/…"), static libraries, and
# find_package(merit) -> merit::merit, or merit::statistics alone (no MPI, no HDF5).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/merit")
foreach(part statistics run io)
  set_target_properties(merit_${part} PROPERTIES EXPORT_NAME ${part})
  add_library(merit::${part} ALIAS merit_${part})
endforeach()
add_library(merit_library INTERFACE)
target_link_libraries(merit_library INTERFACE merit_statistics merit_run merit_io)
set_target_properties(merit_library PROPERTIES EXPORT_NAME merit)
add_library(merit::merit ALIAS merit_library)

install(TARGETS merit)
install(TARGETS merit_statistics merit_run merit_io merit_library EXPORT merit-targets)
install(EXPORT merit-targets NAMESPACE merit:: DESTINATION "${package_dir}")
install(DIRECTORY engine io DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/merit"
        FILES_MATCHING PATTERN "*.hpp" PATTERN "cli" EXCLUDE)

configure_package_config_file(cmake/merit-config.cmake.in
    "${PROJECT_BINARY_DIR}/merit-config.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/merit-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/merit-config.cmake"
              "${PROJECT_BINARY_DIR}/merit-config-version.cmake"
              cmake/FindRandom123.cmake cmake/FindxxHash.cmake
        DESTINATION "${package_dir}")
