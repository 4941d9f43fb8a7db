# SPDX-License-Identifier: MIT
#
# Writes a data frame with every type that R has, as R's two HDF5 packages write it:
# Rscript --vanilla make_snapshots.R DIR. hdf5r is left out where it is not installed.

dir <- commandArgs(trailingOnly = TRUE)[1]

d <- data.frame(
  y = c(1.5, NA, 3),
  count = c(1L, NA, 3L),
  flag = c(TRUE, NA, FALSE),
  sex = factor(c("male", NA, "female"), levels = c("male", "female")),
  mood = factor(c("low", "high", "low"), levels = c("low", "high"), ordered = TRUE),
  name = c("ana", "bo", NA),
  stringsAsFactors = FALSE
)

if (requireNamespace("rhdf5", quietly = TRUE)) {
  library(rhdf5)
  file <- file.path(dir, "rhdf5.h5")
  h5createFile(file)
  h5write(d, file, "data")
  h5write(d, file, "columns", DataFrameAsCompound = FALSE)
  # A matrix of one column, compressed, and a long vector in rhdf5's own chunks.
  h5createGroup(file, "vectors")
  h5write(matrix(as.double(1:5000), ncol = 1), file, "vectors/column")
  h5write(as.double(1:5000), file, "vectors/long")
}

if (requireNamespace("hdf5r", quietly = TRUE)) {
  library(hdf5r)
  file <- H5File$new(file.path(dir, "hdf5r.h5"), "w")
  suppressWarnings({
    file[["data"]] <- d
    columns <- file$create_group("columns")
    for (name in names(d)) columns[[name]] <- d[[name]]
  })
  file$close_all()
}
