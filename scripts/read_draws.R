# SPDX-License-Identifier: MIT
#' Draws of merit sample as a draws_array of R's package posterior.
#'
#'     source("scripts/read_draws.R")
#'     draws <- read_draws("posterior.h5")
#'     posterior::summarise_draws(draws)
#'
#' Needs the packages rhdf5 and posterior.
read_draws <- function(path) {
  value <- rhdf5::h5read(path, "draws/value")  # R is column-major: columns x rows
  if (!all(rhdf5::h5read(path, "draws/committed") == 1))
    stop(path, ": not all draws are there: merit sample --resume goes on")
  columns <- rhdf5::h5readAttributes(path, "draws/value")$columns
  chains <- as.integer(rhdf5::h5readAttributes(path, "draws")$num_chains)
  draws <- array(t(value), c(ncol(value) / chains, chains, nrow(value)),
                 dimnames = list(NULL, NULL, as.vector(columns)))
  posterior::as_draws_array(draws)
}
