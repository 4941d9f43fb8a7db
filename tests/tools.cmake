# SPDX-License-Identifier: MIT
# How tests are registered, and with what they run.

set(MERIT_PYTHON_MODULES h5py matplotlib numpy pandas pytest scipy)

function(merit_check_python result candidate)
  list(JOIN MERIT_PYTHON_MODULES ", " modules)
  execute_process(COMMAND "${candidate}" -c "import ${modules}"
                  RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(NOT status EQUAL 0)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

function(merit_check_rscript result candidate)
  execute_process(COMMAND "${candidate}" --vanilla -e "library(rhdf5); library(haven)"
                  RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(NOT status EQUAL 0)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# MERIT_PYTHON, MERIT_RSCRIPT: the first on PATH, or in /usr/bin, that has the packages (a
# pyenv or conda Python often comes first and has not).
macro(merit_find_test_programs)
  find_program(MERIT_PYTHON NAMES python3 python PATHS /usr/bin VALIDATOR merit_check_python
               DOC "Python with ${MERIT_PYTHON_MODULES}, for the tests")
  if(NOT MERIT_PYTHON)
    list(JOIN MERIT_PYTHON_MODULES ", " modules)
    message(FATAL_ERROR
      "The tests need a Python 3 with ${modules}, and none was found on PATH or in /usr/bin.\n"
      "Debian and Ubuntu: scripts/install_dependencies.sh --tests; elsewhere: "
      "pip install h5py matplotlib numpy pandas pytest scipy.\n"
      "Without tests: cmake -DBUILD_TESTING=OFF.")
  endif()
  find_program(MERIT_RSCRIPT NAMES Rscript PATHS /usr/bin VALIDATOR merit_check_rscript
               DOC "Rscript with rhdf5 and haven, for the tests that read and write with R")
  if(NOT MERIT_RSCRIPT)
    message(WARNING
      "No Rscript with the packages rhdf5 and haven: tests that read and write files with R "
      "are skipped. Debian and Ubuntu: scripts/install_dependencies.sh --tests; elsewhere: "
      "install.packages(c('BiocManager', 'haven')); BiocManager::install('rhdf5').")
    set(MERIT_RSCRIPT "")
  endif()
endmacro()

# What the tests' processes see: the locale of a bare machine, whatever this one's is. The
# Open MPI variables belong to the tests alone: root (in a container) and more ranks than
# cores are fine here, and tests that run at the same time must not all be bound to the first
# core.
function(merit_set_test_environment)
  set_tests_properties(${ARGN} PROPERTIES ENVIRONMENT
      "MERIT=$<TARGET_FILE:merit>;MERIT_SOURCE=${PROJECT_SOURCE_DIR};MERIT_PYTHON=${MERIT_PYTHON};MERIT_RSCRIPT=${MERIT_RSCRIPT};MERIT_MPIEXEC=${MPIEXEC_EXECUTABLE};PYTHONDONTWRITEBYTECODE=1;MPLBACKEND=Agg;LC_ALL=C;OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_rmaps_base_oversubscribe=1;OMPI_MCA_hwloc_base_binding_policy=none")
endfunction()

# A Boost.Test program merit_<folder>_tests from <folder>/*_test.cpp and one level below, and
# a ctest entry <folder>.<suite> per file.
function(merit_add_suites folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "")
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*_test.cpp ${folder}/*/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  file(GLOB support CONFIGURE_DEPENDS support/*.cpp)
  set(program merit_${folder}_tests)
  add_executable(${program} unit/main.cpp ${sources} ${support})
  target_link_libraries(${program} PRIVATE merit_cli Boost::unit_test_framework)
  target_compile_definitions(${program} PRIVATE
      "MERIT_TEST_DATA=\"${PROJECT_SOURCE_DIR}/tests\"" "MERIT_PYTHON=\"${MERIT_PYTHON}\"")
  merit_add_simd_kernels(${program} ${folder}/*/*_kernel.cpp)
  # A suite is a namespace, so several files can be compiled as one: in a third of the time.
  set_target_properties(${program} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)

  foreach(source IN LISTS sources)
    cmake_path(GET source STEM stem)
    string(REGEX REPLACE "_test$" "" suite "${stem}")
    add_test(NAME ${folder}.${suite} COMMAND ${program} --run_test=${suite})
    merit_set_test_environment(${folder}.${suite})
    set_tests_properties(${folder}.${suite} PROPERTIES LABELS ${folder})
    if(arg_TIMEOUT)
      set_tests_properties(${folder}.${suite} PROPERTIES TIMEOUT ${arg_TIMEOUT})
    endif()
  endforeach()
endfunction()

# A ctest entry <folder>.<name> per <folder>/test_<name>.py.
function(merit_add_pytest_files folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/test_*.py)
  foreach(file IN LISTS files)
    cmake_path(GET file STEM stem)
    string(REGEX REPLACE "^test_" "" name "${stem}")
    add_test(NAME ${folder}.${name}
             COMMAND "${MERIT_PYTHON}" -m pytest -q -p no:cacheprovider "${file}")
    merit_set_test_environment(${folder}.${name})
    set_tests_properties(${folder}.${name} PROPERTIES LABELS ${folder} TIMEOUT 900)
  endforeach()
endfunction()
