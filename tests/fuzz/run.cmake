# SPDX-License-Identifier: MIT
# Makes the files to start from and runs one fuzz program on them. What is found stays in WORK.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}/all" "${WORK}/seeds" "${WORK}/found")

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK}"
                  COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run("${PYTHON}" "${MAKE_SNAPSHOTS}" "${WORK}/all")
file(GLOB files "${WORK}/all/*.h5")
# Left out: large files, which are slow, and one that HDF5 never finishes reading.
set(small "")
foreach(path IN LISTS files)
  if(IS_DIRECTORY "${path}" OR path MATCHES "endless_heap")
    continue()
  endif()
  file(SIZE "${path}" size)
  if(size LESS 80000)
    list(APPEND small "${path}")
  endif()
endforeach()

if(READER_PART STREQUAL "values")
  run("${PACK_SEEDS}" "${WORK}/seeds" ${small})
else()
  file(COPY ${small} DESTINATION "${WORK}/seeds")
endif()

if(COMPILER STREQUAL "Clang")
  run("${PROGRAM}" -max_total_time=${SECONDS} -max_len=150000 -timeout=60
      -malloc_limit_mb=1000000 "${WORK}/found" "${WORK}/seeds")
else()
  file(GLOB seeds "${WORK}/seeds/*")
  run("${PROGRAM}" ${SECONDS} 1 ${seeds})
endif()
