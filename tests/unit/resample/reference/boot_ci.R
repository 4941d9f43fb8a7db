# SPDX-License-Identifier: MIT
# Reference values for tests/unit/resample/intervals_test.cpp, printed as its rows.
#
#     Rscript tests/unit/resample/reference/boot_ci.R      (R 4.2.2, boot 1.3-28.1)
#
# Replicates that any program can make exactly: k_i = 7919 i mod 10007, t_i = k_i² / 10⁶,
# a skewed sample. boot.ci is given t0 and t as if they came from boot().
suppressPackageStartupMessages(library(boot))

replicates <- function(R) (((seq_len(R) * 7919) %% 10007)^2) / 1e6

for (R in c(5, 19, 39, 40, 999, 1000, 10000)) {
  for (level in c(0.8, 0.95, 0.99)) {
    t0 <- 30
    t <- replicates(R)
    fake <- list(t0 = t0, t = matrix(t), R = R)
    class(fake) <- "boot"
    extreme <- FALSE
    ci <- withCallingHandlers(
      boot.ci(fake, conf = level, type = c("norm", "basic", "perc"), t0 = t0, t = t),
      warning = function(w) {
        stopifnot(grepl("extreme order statistics", conditionMessage(w)))
        extreme <<- TRUE
        invokeRestart("muffleWarning")
      })
    cat(sprintf("    {%d, %.2f, %.17g, %.17g, {%.17g, %.17g}, {%.17g, %.17g}, {%.17g, %.17g}, %s},\n",
                R, level, mean(t) - t0, sd(t), ci$normal[2], ci$normal[3], ci$basic[4], ci$basic[5],
                ci$percent[4], ci$percent[5], tolower(extreme)))
  }
}
