# SPDX-License-Identifier: MIT
# Reference values for tests/unit/resample/adjusted_intervals_test.cpp, printed as its rows.
#
#     Rscript tests/unit/resample/reference/boot_ci_adjusted.R      (R 4.2.2, boot 1.3-28.1)
#
# The replicates of boot_ci.R. bca takes the influence values L of 26 groups, bc such values
# without skewness. The variances of the studentised intervals are v_i = 1 + (104729 i mod 997).
suppressPackageStartupMessages(library(boot))

replicates <- function(R) (((seq_len(R) * 7919) %% 10007)^2) / 1e6
L <- (((1:26) * 31) %% 53)^2 / 100
L <- L - mean(L)

for (R in c(40, 999, 1000, 10000)) {
  for (level in c(0.8, 0.95, 0.99)) {
    for (t0 in c(12, 30)) {
      t <- replicates(R)
      v <- 1 + (104729 * seq_len(R)) %% 997
      ci <- function(type, ...) {
        fake <- list(t0 = t0, t = matrix(t), R = R)
        class(fake) <- "boot"
        suppressWarnings(boot.ci(fake, conf = level, type = type, t0 = t0, t = t, ...))
      }
      bca <- ci("bca", L = L)$bca
      bc <- ci("bca", L = c(-1, 1))$bca
      stud <- ci("stud", index = 1:2, var.t0 = 500, var.t = v)$student  # index: boot.ci asks
      log_stud <- ci("stud", index = 1:2, var.t0 = 500, var.t = v, h = log,
                     hdot = function(t) 1 / t, hinv = exp)$student
      cat(sprintf("    {%d, %.2f, %g, {%.17g, %.17g}, {%.17g, %.17g}, {%.17g, %.17g}, {%.17g, %.17g}},\n",
                  R, level, t0, bc[4], bc[5], bca[4], bca[5], stud[4], stud[5],
                  log_stud[4], log_stud[5]))
    }
  }
}
