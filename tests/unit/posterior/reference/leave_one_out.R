# SPDX-License-Identifier: MIT
# Rscript leave_one_out.R: the expected values of psis_loo_test.cpp, by R's package loo 2.5.1.
#
# Two chains of 500 draws x, an autoregression of logistic numbers from Park and Miller's generator
# (exact in doubles, so that C++ makes the same), and four units with log-likelihoods
# -(a - b x)^2/2. The Monte Carlo error is that of loo 2.6 and later, written out.
suppressPackageStartupMessages(library(loo))
x <- numeric(1000); state <- 1; z <- 0
for (s in 1:1000) {
  state <- (16807 * state) %% 2147483647
  u <- state / 2147483647
  z <- 0.5 * z + log(u / (1 - u))
  x[s] <- z
}
a <- c(0, 1, 3, 6); b <- c(0.1, 0.2, 0.25, 0.03)
ll <- sapply(1:4, function(i) -0.5 * (a[i] - b[i] * x)^2)
draws <- array(ll, c(500, 2, 4))
r <- relative_eff(exp(draws))
options(digits = 14, width = 200)
estimate <- function(r) {
  psis_loo <- suppressWarnings(loo(draws, r_eff = r))
  w <- exp(weights(suppressWarnings(psis(-draws, r_eff = r))))
  elpd <- psis_loo$pointwise[, "elpd_loo"]
  mcse <- sapply(1:4, function(i) sqrt(log1p(sum(w[, i]^2 * (exp(ll[, i] - elpd[i]) - 1)^2) / r[i])))
  print(cbind(psis_loo$pointwise[, c("elpd_loo", "p_loo")], mcse, psis_loo$diagnostics$pareto_k))
  print(psis_loo$estimates)
}
estimate(r)
estimate(rep(1, 4))
by_waic <- suppressWarnings(waic(draws))
print(by_waic$pointwise)
print(by_waic$estimates)
