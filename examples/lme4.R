# SPDX-License-Identifier: MIT
# An estimator of a simulation study: lme4's REML. merit simulate keeps it running and asks it in
# lines of text (README, "Simulation studies").
suppressPackageStartupMessages(library(lme4))

input <- file("stdin", "r")
repeat {
  asked <- readLines(input, 1)
  if (length(asked) == 0) break                      # no more data sets
  fields <- strsplit(asked, " ")[[1]]                # data CELL REPETITION SEED ROWS
  data <- read.csv(text = readLines(input, as.integer(fields[5]) + 1))
  answer <- tryCatch({
    fit <- lmer(y ~ x + treated + (1 | school), data)
    table <- coef(summary(fit))
    sds <- c("sd__(Intercept)" = attr(VarCorr(fit)$school, "stddev")[[1]],
             "sd__Observation" = sigma(fit))
    exactly <- function(x) sprintf("%.17g", x)
    rbind(data.frame(term = rownames(table), estimate = exactly(table[, "Estimate"]),
                     std.error = exactly(table[, "Std. Error"])),
          data.frame(term = names(sds), estimate = exactly(sds), std.error = NA))
  }, error = function(e) conditionMessage(e))
  if (is.character(answer)) {
    cat("failed", gsub("\n", " ", answer), "\n")
  } else {
    write.csv(answer, stdout(), row.names = FALSE, quote = FALSE)
    cat("end\n")
  }
  flush(stdout())
}
