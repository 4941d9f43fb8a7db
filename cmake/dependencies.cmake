# SPDX-License-Identifier: MIT
# What merit stands on. scripts/install_dependencies.sh installs all of it.
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(Boost 1.74 REQUIRED CONFIG)  # headers of Boost.Math
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Random123 REQUIRED)  # cmake/FindRandom123.cmake
find_package(xxHash REQUIRED)     # cmake/FindxxHash.cmake
find_package(CLI11 REQUIRED)
find_package(toml11 REQUIRED)      # study files

if(MERIT_MPI)
  set(MPI_CXX_SKIP_MPICXX ON)  # the C interface; the C++ one left the standard in 2012
  find_package(MPI REQUIRED COMPONENTS CXX)
endif()
find_package(OpenMP REQUIRED COMPONENTS CXX)
# One rank writes a file, so the serial library does; a parallel one works as well.
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
