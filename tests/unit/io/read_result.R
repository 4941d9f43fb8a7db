# SPDX-License-Identifier: MIT
# Reads the example of result_store_test.cpp with rhdf5: read_result.R FILE
# R's arrays are column-major: rhdf5 shows the file's dimensions in reverse.
suppressPackageStartupMessages(library(rhdf5))
invisible(Sys.setlocale("LC_ALL", "C.UTF-8"))  # else R cannot compare such texts
options(warn = 2)  # "not yet implemented" types are warnings
file <- commandArgs(trailingOnly = TRUE)[1]

estimate <- t(h5read(file, "replicates/estimate"))
stopifnot(identical(dim(estimate), c(10L, 4L)),
          all(is.nan(estimate[4, ])),
          identical(estimate[10, ], 900 + 0:3 + 0.1))
columns <- h5readAttributes(file, "replicates/estimate")$columns
stopifnot(columns[3] == "sd__(Intercept)", enc2utf8(columns[2]) == "gr\u00f6\u00dfe")
stopifnot(identical(as.integer(h5read(file, "replicates/status")),
                    c(0L, 1L, 0L, 3L, 0L, 0L, 0L, 0L, 0L, 0L)))
stopifnot(all(h5read(file, "replicates/committed") == 1))

root <- h5readAttributes(file, "/")
stopifnot(root$format == "merit-result", root$format_version == 2)
sessions <- h5read(file, "provenance/sessions")
stopifnot(sessions$started[1] == "2026-01-02T03:04:05Z", sessions$threads[1] == 8)
job <- h5readAttributes(file, "job")
stopifnot(job$seed == -5, job$level == 0.95, job$where == "", job$drop_collinear == 0)

fit <- h5read(file, "fit")
stopifnot(identical(as.numeric(fit$estimate), c(1.5, -2.5)),
          identical(fit$vcov, matrix(c(4, 0.5, 0.5, 9), 2)),
          identical(as.numeric(fit$groups$size), c(10, 20, 30)),
          identical(as.numeric(fit$rows_dropped$count), c(2, 0)))
stopifnot(h5readAttributes(file, "fit")$nobs == 60)
