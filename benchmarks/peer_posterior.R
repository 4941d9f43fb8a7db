# SPDX-License-Identifier: MIT
# The other side of the comparisons of sampling_rate.py. Prints "rate <smallest bulk ESS per second>",
# of all coefficients and standard deviations, without compilation, adaptation and warm-up.
#
#   Rscript peer_posterior.R jags logit logit.csv 'y ~ x1 + (1 | g)' 4000
#   Rscript peer_posterior.R rstanarm gaussian gaussian.csv 'y ~ x1 + (1 | g)' 300
args <- commandArgs(trailingOnly = TRUE)
peer <- args[1]
family <- args[2]
data <- read.csv(args[3])
model <- args[4]
draws <- as.integer(args[5])
fixed <- as.formula(sub(" \\+ \\(1 \\| g\\)", "", model))
set.seed(1)

smallest <- function(draws) min(apply(draws, 2, function(x) posterior::ess_bulk(as.matrix(x))))

if (peer == "jags") {
  suppressPackageStartupMessages(library(rjags))
  load.module("glm", quiet = TRUE)
  response <- if (family == "gaussian") {
    "y[i] ~ dnorm(eta[i], 1 / sigma^2)"
  } else {
    "y[i] ~ dbern(chance[i]); logit(chance[i]) <- eta[i]"
  }
  code <- paste("model {
    for (i in 1:n) {", response, "
      eta[i] <- inprod(X[i, ], b) + u[g[i]]
    }
    for (j in 1:J) { u[j] ~ dnorm(0, 1 / tau^2) }
    for (k in 1:p) { b[k] ~ dnorm(0, 0.01) }
    tau ~ dt(0, 0.16, 3) T(0, )",
    if (family == "gaussian") "sigma ~ dt(0, 0.16, 3) T(0, )", "}")
  X <- model.matrix(fixed, data)
  g <- as.integer(factor(data$g))
  given <- list(y = data$y, X = X, g = g, n = nrow(X), p = ncol(X), J = max(g))
  monitored <- c("b", "tau", if (family == "gaussian") "sigma")
  fit <- jags.model(textConnection(code), given, n.adapt = 500, quiet = TRUE)
  update(fit, 500, progress.bar = "none")
  seconds <- system.time(
    out <- coda.samples(fit, monitored, draws, progress.bar = "none"))["elapsed"]
  out <- as.matrix(out)
} else if (peer == "rstanarm") {
  suppressPackageStartupMessages(library(rstanarm))
  families <- list(gaussian = gaussian(), logit = binomial())
  data$g <- factor(data$g)
  fit <- stan_glmer(as.formula(model), data, family = families[[family]], prior = normal(0, 10),
                    prior_intercept = normal(0, 10), chains = 1, iter = 300 + draws, warmup = 300,
                    refresh = 0, init = 0)  # random ones may fail for the logit
  seconds <- rstan::get_elapsed_time(fit$stanfit)[, "sample"]
  out <- as.matrix(fit)
  out <- out[, !grepl("^b\\[", colnames(out))]
} else {
  stop("unknown peer: ", peer)
}
cat("rate", format(smallest(out) / unname(seconds), digits = 6), peer, "\n")
