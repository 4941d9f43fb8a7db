# SPDX-License-Identifier: MIT
# Rscript diagnostics.R > diagnostics.txt
#
# Draws and what R's package posterior 1.4.0 says of them. Per variable: a line with its name,
# chains and draws per chain, a line with the draws (chain after chain), a line with the values
# in the order of `wanted`.
suppressPackageStartupMessages(library(posterior))

set.seed(20)
ar <- function(n, m, rho, df = Inf)
  sapply(seq_len(m), function(i) as.numeric(arima.sim(list(ar = rho), n, rand.gen = function(k, ...) rt(k, df))))

eight <- example_draws()
variables <- list(
  eight_schools_mu = extract_variable_matrix(eight, "mu"),
  eight_schools_tau = extract_variable_matrix(eight, "tau"),
  independent = matrix(rnorm(2000), 500),
  odd = matrix(rexp(4 * 301), 301),
  slow = ar(400, 3, 0.95),
  antithetic = ar(400, 2, -0.6),
  heavy = ar(250, 4, 0.3, df = 2),
  apart = cbind(rnorm(200), rnorm(200, 1)),
  ties = matrix(rpois(800, 1.5), 200),
  few = matrix(rnorm(24), 6)
)
wanted <- function(x) suppressWarnings(c(
  rhat(x), rhat_basic(x, split = FALSE), ess_bulk(x), ess_tail(x), ess_mean(x),
  ess_basic(x, split = FALSE), ess_quantile(x, 0.025), mcse_mean(x), mcse_sd(x),
  mcse_quantile(x, 0.025), mcse_quantile(x, 0.5), mcse_quantile(x, 0.975),
  sd(x), median(x), quantile(x, 0.025), quantile(x, 0.975)
))
number <- function(x) paste(formatC(x, digits = 17, format = "g"), collapse = " ")
for (name in names(variables)) {
  x <- variables[[name]]
  dimnames(x) <- NULL
  x <- unclass(x)
  cat(name, ncol(x), nrow(x), "\n")
  cat(number(as.vector(x)), "\n")
  cat(number(wanted(x)), "\n")
}
