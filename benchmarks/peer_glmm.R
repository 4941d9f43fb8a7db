# SPDX-License-Identifier: MIT
# The other side of the comparisons of glmm_rate.py. Prints "seconds <per refit>".
#
#   Rscript peer_glmm.R lme4 logit logit.csv 'y ~ x1 + (1 | g)' 2
#   Rscript peer_glmm.R glmmTMB poisson poisson.csv 'y ~ x1 + (1 | g)' 2
#   Rscript peer_glmm.R clmm ordinal ordinal.csv 'y ~ x1 + (1 | g)' 2
args <- commandArgs(trailingOnly = TRUE)
peer <- args[1]
family <- args[2]
data <- read.csv(args[3])
data$g <- factor(data$g)
model <- as.formula(args[4])
times <- as.integer(args[5])
set.seed(1)

seconds_of <- function(work) unname(system.time(work())["elapsed"])
# Of the processor, which a busy machine lengthens little: for single fits of minutes.
processor_seconds_of <- function(work) sum(system.time(work())[c("user.self", "sys.self")])

if (peer == "lme4") {
  suppressPackageStartupMessages(library(lme4))
  fit <- glmer(model, data, family = binomial, control = glmerControl(calc.derivs = FALSE))
  seconds <- seconds_of(function() bootMer(fit, function(m) c(fixef(m), getME(m, "theta")),
                                           nsim = times)) / times
} else if (peer == "glmmTMB") {
  suppressPackageStartupMessages(library(glmmTMB))
  families <- list(logit = binomial(), poisson = poisson(), negbinomial = nbinom2())
  fit <- glmmTMB(model, data, family = families[[family]])
  seconds <- seconds_of(function() for (i in seq_len(times)) {
    y <- simulate(fit)[[1]]
    data$y <- if (is.matrix(y)) y[, 1] else y
    update(fit, data = data)
  }) / times
} else if (peer == "clmm") {
  suppressPackageStartupMessages(library(ordinal))
  data$y <- factor(data$y)
  seconds <- seconds_of(function() for (i in seq_len(times)) {
    clmm(model, data, Hess = FALSE)
  }) / times
} else if (peer %in% c("fit_lme4_0", "fit_lme4_1")) {  # one fit, seconds each
  suppressPackageStartupMessages(library(lme4))
  points <- as.integer(sub("fit_lme4_", "", peer))
  seconds <- processor_seconds_of(function() glmer(model, data, family = binomial, nAGQ = points,
                                                   control = glmerControl(calc.derivs = FALSE)))
} else if (peer == "fit_glmmTMB") {
  suppressPackageStartupMessages(library(glmmTMB))
  seconds <- processor_seconds_of(function() glmmTMB(model, data, family = binomial()))
} else {
  stop("unknown peer: ", peer)
}
cat("seconds", format(seconds, digits = 6), peer, "\n")
