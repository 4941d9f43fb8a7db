# SPDX-License-Identifier: MIT
# pbkrtest's and RLRsim's side of the comparisons. Prints "seconds <of the work>".
#
#   Rscript peer_inference.R kr rows.csv 'y ~ x1 + (1 | g)' 0
#   Rscript peer_inference.R rlrt rows.csv 'y ~ x1 + (1 | g)' 100000
suppressPackageStartupMessages(library(lme4))
args <- commandArgs(trailingOnly = TRUE)
data <- read.csv(args[2])
data$g <- factor(data$g)
fit <- lmer(as.formula(args[3]), data, REML = TRUE)

seconds_of <- function(work) unname(system.time(work())["elapsed"])

seconds <- switch(args[1],
  # The adjusted covariance matrix, and degrees of freedom of every coefficient.
  kr = seconds_of(function() {
    adjusted <- pbkrtest::vcovAdj(fit)
    for (k in seq_along(fixef(fit))) {
      contrast <- numeric(length(fixef(fit)))
      contrast[k] <- 1
      pbkrtest::Lb_ddf(contrast, vcov(fit), adjusted)
    }
  }),
  rlrt = seconds_of(function() RLRsim::exactRLRT(fit, nsim = as.integer(args[4]))),
  stop("unknown work: ", args[1])
)
cat("seconds", format(seconds, digits = 6), "\n")
