# SPDX-License-Identifier: MIT
"""Builds the clone that this file is in, or, by `spack develop`, another one."""

import pathlib

from spack.package import *


class Merit(CMakePackage):
    """Two-level random-intercept models, fitted and bootstrapped over MPI ranks and threads:
    the Multilevel Engine for Random-InTercept models."""

    # .../slurm/recipes/spack/packages/merit/package.py
    git = pathlib.Path(__file__).resolve().parents[5].as_uri()

    license("MIT")

    version("main", branch="main")
    version("0.1.0", branch="main")  # not released: no tag yet

    variant("mpi", default=True, description="Ranks by MPI; without, one process with threads")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("eigen@3.4.0:3")
    depends_on("boost@1.74:")  # headers of Boost.Math
    depends_on("fmt@8:")
    depends_on("nlohmann-json@3.10:")
    depends_on("cli11@2:")
    depends_on("random123@1.09:")
    depends_on("toml11@3.7:3")
    depends_on("xxhash@0.8:")
    depends_on("zlib-api")
    depends_on("hdf5@1.10:~cxx~fortran")
    # One rank writes a file, so a serial HDF5 does; a parallel one must be of the same MPI.
    depends_on("mpi", when="+mpi")
    depends_on("hdf5~mpi", when="~mpi")

    conflicts("%gcc@:11", msg="merit is C++20: GCC 12 or newer")
    conflicts("%clang@:13", msg="merit is C++20: Clang 14 or newer")
    requires("target=x86_64:", msg="merit's kernels are written for x86-64")

    def flag_handler(self, name, flags):
        # Kernels of every instruction-set level are in one program and chosen at run time: no
        # -march for the whole, which would make other bits on other machines.
        return (None, None, flags)

    def cmake_args(self):
        return [
            self.define_from_variant("MERIT_MPI", "mpi"),
            self.define("BUILD_TESTING", False),
            self.define("CMAKE_CXX_FLAGS_RELEASE", "-O3 -DNDEBUG"),
        ]

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def check_it_starts(self):
        Executable(self.prefix.bin.merit)("--version")
