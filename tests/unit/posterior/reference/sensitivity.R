# SPDX-License-Identifier: MIT
# Rscript sensitivity.R > sensitivity.txt
#
# Sensitivities to power-scaling by the formulas of R's package priorsense (1.2.0: cjs_dist, the
# mean of the gradients at 0.99 and 1.01), written out, with weights smoothed by R's package loo
# 2.5.1. Per case: a line with its name, the number of draws and the value; the draws; the
# component (log prior or log-likelihood). Then a line "smoothed" likewise: log weights, what
# psis makes of them, and k in the place of the value.
suppressPackageStartupMessages(library(loo))

directed <- function(x, w) {
  o <- order(x); S <- length(x); width <- diff(x[o])
  p <- (seq_len(S) / S)[-S]; q <- cumsum(w[o])[-S]
  M <- 0.5 * p + 0.5 * q
  pq <- sum(width * p * (log2(p) - log2(M))) + 0.5 / log(2) * (sum(q * width) - sum(p * width))
  qp <- sum(width * q * (log2(q) - log2(M))) + 0.5 / log(2) * (sum(p * width) - sum(q * width))
  sqrt((pq + qp) / (sum(p * width) + sum(q * width)))
}
smooth <- function(lw) suppressWarnings(psis(lw, r_eff = 1))
sensitivity <- function(x, component) {
  distance <- function(alpha) {
    w <- weights(smooth((alpha - 1) * component), log = FALSE, normalize = TRUE)[, 1]
    max(directed(x, w), directed(-x, w))
  }
  (distance(1.01) / log2(1.01) - distance(0.99) / log2(0.99)) / 2
}
number <- function(x) paste(formatC(x, digits = 17, format = "g"), collapse = " ")
write_case <- function(name, value, x, component)
  cat(name, length(x), number(value), "\n", number(x), "\n", number(component), "\n", sep = " ")

set.seed(3)
normal <- rnorm(400, 1, 0.5)
scale <- exp(rnorm(400, -1, 0.6))
wide <- rt(150, 3)
cases <- list(normal_prior = list(normal, dnorm(normal, 0, 1, log = TRUE)),
              normal_likelihood = list(normal, -40 * (normal - 1.1)^2),
              half_t = list(scale, log(dt(scale / 2.5, 3))),
              far_prior = list(normal, dnorm(normal, -8, 0.3, log = TRUE)),
              unrelated = list(normal, rev(-scale)),
              wide = list(wide, dnorm(wide, log = TRUE) * 20))
for (name in names(cases)) {
  case <- cases[[name]]
  write_case(name, sensitivity(case[[1]], case[[2]]), case[[1]], case[[2]])
}
for (lw in list(rexp(300), 3 * rnorm(500), -rexp(40), 8 * rexp(60))) {
  found <- smooth(lw)
  write_case("smoothed", found$diagnostics$pareto_k, lw, found$log_weights[, 1])
}
