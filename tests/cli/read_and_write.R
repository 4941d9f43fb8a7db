# SPDX-License-Identifier: MIT
# R's side of test_readers.py.
#   Rscript read_and_write.R read RESULT.h5 SUMMARY.csv
#   Rscript read_and_write.R write TABLE.csv RHDF5.h5 GROUP.h5 HDF5R.h5
arguments <- commandArgs(trailingOnly = TRUE)
options(warn = 2)

read_result <- function(result, summary) {
  estimate <- t(rhdf5::h5read(result, "replicates/estimate"))  # one line, as io/FORMAT.md says
  columns <- rhdf5::h5readAttributes(result, "replicates/estimate")$columns
  tidy <- read.csv(summary, check.names = FALSE)
  tidy <- tidy[tidy$effect != "ran_vals", ]
  stopifnot(identical(dim(estimate), c(999L, length(columns))),
            identical(tidy$term, as.character(columns)))
  agree <- function(a, b) stopifnot(isTRUE(all.equal(a, b, tolerance = 1e-12)))
  agree(apply(estimate, 2, sd), tidy$std.error)
  agree(colMeans(estimate) - tidy$estimate, tidy$bias)
  # Type 6 is where boot.ci's percentile interval lies for 999 replicates: 25th and 975th.
  agree(apply(estimate, 2, quantile, 0.025, type = 6, names = FALSE), tidy$conf.low)
  agree(apply(estimate, 2, quantile, 0.975, type = 6, names = FALSE), tidy$conf.high)
}

write_snapshots <- function(table, as_rhdf5, as_group, as_hdf5r) {
  data <- read.csv(table)
  rhdf5::h5createFile(as_rhdf5)
  rhdf5::h5write(data, as_rhdf5, "data")
  rhdf5::h5createFile(as_group)
  rhdf5::h5createGroup(as_group, "data")
  for (name in names(data)) rhdf5::h5write(data[[name]], as_group, paste0("data/", name))
  if (requireNamespace("hdf5r", quietly = TRUE)) {
    data$gender <- factor(data$gender)
    file <- hdf5r::H5File$new(as_hdf5r, "w")
    file[["data"]] <- data
    file$close_all()
  }
}

switch(arguments[1],
       read = do.call(read_result, as.list(arguments[-1])),
       write = do.call(write_snapshots, as.list(arguments[-1])))
