# SPDX-License-Identifier: MIT
# Kernels: files named *_kernel.cpp, compiled once per instruction-set level with
# MERIT_SIMD_LEVEL = 2, 3, 4 (x86-64-v2, -v3, -v4; engine/simd/lanes.hpp) and chosen at run
# time, so that one program runs on every node of a mixed cluster.
#
# The linker keeps one copy of an inline function that several objects bring along, and a
# copy compiled for AVX-512 stops a processor without it. So kernels see no Eigen, are
# optimised in every build type (nothing small stays uninlined), and the test simd_symbols
# reads the symbols of their objects.

# Adds the kernels that match the patterns to a library or a test program.
function(merit_add_simd_kernels target)
  file(GLOB kernels CONFIGURE_DEPENDS ${ARGN})
  if(NOT kernels)
    return()
  endif()
  foreach(level 2 3 4)
    set(objects ${target}_simd_v${level})
    add_library(${objects} OBJECT ${kernels})
    target_include_directories(${objects} PRIVATE "${PROJECT_SOURCE_DIR}")
    target_compile_definitions(${objects} PRIVATE MERIT_SIMD_LEVEL=${level})
    target_compile_options(${objects} PRIVATE -march=x86-64-v${level} -O3)
    if(level EQUAL 4 AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      # GCC 12 warns about its own AVX-512 header (GCC bug 105593).
      target_compile_options(${objects} PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized)
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
    set_property(GLOBAL APPEND PROPERTY merit_simd_objects $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()
