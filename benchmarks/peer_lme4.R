# SPDX-License-Identifier: MIT
# lme4's side of the comparisons. Prints "seconds <per unit of work>".
#
#   Rscript peer_lme4.R bootmer small.csv 'y ~ x1 + (1 | g)' 200
#   Rscript peer_lme4.R groups small.csv 'y ~ x1 + (1 | g)' 100
#   Rscript peer_lme4.R fit rows.csv 'y ~ x1 + (1 | g)' 1
suppressPackageStartupMessages(library(lme4))
args <- commandArgs(trailingOnly = TRUE)
what <- args[1]
data <- read.csv(args[2])
data$g <- factor(data$g)
model <- as.formula(args[3])
times <- as.integer(args[4])
set.seed(1)

seconds_of <- function(work) unname(system.time(work())["elapsed"])

if (what == "bootmer") {  # parametric bootstrap: simulate and refit
  fit <- lmer(model, data, REML = TRUE)
  estimates <- function(m) c(fixef(m), getME(m, "theta") * sigma(m), sigma(m))
  seconds <- seconds_of(function() bootMer(fit, estimates, nsim = times)) / times
} else if (what == "groups") {  # groups with replacement; a group drawn twice is two
  rows <- split(seq_len(nrow(data)), data$g)
  one <- function() {
    drawn <- sample(length(rows), replace = TRUE)
    sample <- data[unlist(rows[drawn]), ]
    sample$g <- factor(rep(seq_along(drawn), lengths(rows[drawn])))
    suppressMessages(lmer(model, sample, REML = TRUE))
  }
  seconds <- seconds_of(function() for (i in seq_len(times)) one()) / times
} else if (what == "fit") {
  seconds <- seconds_of(function() for (i in seq_len(times)) {
    lmer(model, data, REML = TRUE, control = lmerControl(calc.derivs = FALSE))
  }) / times
} else {
  stop("unknown work: ", what)
}
cat("seconds", format(seconds, digits = 6), "lme4", as.character(packageVersion("lme4")), "\n")
