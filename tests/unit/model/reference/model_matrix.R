# SPDX-License-Identifier: MIT
#
#   Rscript model_matrix.R
#
# Writes data.csv, a small table of random values with missing ones, unused levels and an
# awkward name, and model_matrix.txt, what R's model.frame and model.matrix make of it for a
# list of formulas; design_reference_test.cpp compares. Base R only (4.2.2 wrote the stored
# files); gmean(x) is ave(x, school) over the rows used.

options(contrasts = c("contr.treatment", "contr.treatment"))  # ordered factors as well
set.seed(20190930)
n <- 48
data <- data.frame(
  y = round(rnorm(n, 10, 3), 3),
  x = round(rnorm(n), 3),
  z = round(rnorm(n, 100, 15), 1),
  pos = round(rexp(n, 0.2) + 0.01, 3),
  year = sample(c(2017, 2019, 2022), n, TRUE),
  flag = sample(c(TRUE, FALSE), n, TRUE),
  sex = factor(sample(c("female", "male"), n, TRUE)),
  regime = factor(sample(c("HvB", "prison", "ISD", "EZV"), n, TRUE),
                  levels = c("PPC", "prison", "HvB", "ISD", "EZV")),  # PPC is unused
  wave = factor(sample(c(2017, 2019, 2022), n, TRUE)),
  sat = factor(sample(1:3, n, TRUE), levels = 1:3, labels = c("low", "mid", "high"),
               ordered = TRUE),
  `my var` = round(runif(n), 3),
  school = sample(1:6, n, TRUE) * 10,
  check.names = FALSE)
data$y[3] <- NA
data$x[c(5, 9)] <- NA
data$z[c(9, 20)] <- NA
data$sex[7] <- NA
data$school[11] <- NA

kind <- function(v) {
  if (is.logical(v)) "bool"
  else if (is.ordered(v)) paste0("ordered;", paste(levels(v), collapse = "|"))
  else if (is.factor(v)) paste0("categorical;", paste(levels(v), collapse = "|"))
  else "numeric"
}
header <- paste(names(data), sapply(data, kind), sep = ";")
write.table(data, "data.csv", sep = ",", quote = FALSE, row.names = FALSE, na = "",
            col.names = header)

case <- function(formula, where = NULL) list(formula = formula, where = where)
cases <- list(
  case("y ~ 1"), case("y ~ x"), case("y ~ x + z"), case("y ~ sex"), case("y ~ regime"),
  case("y ~ flag"), case("y ~ sat"), case("y ~ x * sex"), case("y ~ sex * regime"),
  case("y ~ sex:regime"), case("y ~ x:sex"), case("y ~ x:z"), case("y ~ flag:x"),
  case("y ~ flag * sex"), case("y ~ 0 + sex"), case("y ~ 0 + x + sex"),
  case("y ~ 0 + sex + regime"), case("y ~ 0 + sex:regime"), case("y ~ 0 + sex * regime"),
  case("y ~ 0 + flag"), case("y ~ 0 + x:sex + regime"), case("y ~ sex + sex:regime"),
  case("y ~ regime:sex + sex"), case("y ~ sex + x:sex - 1"), case("y ~ x - 1"),
  case("y ~ -1 + x"), case("y ~ x + -1"), case("y ~ x + 0 + 1"), case("y ~ x - 0"),
  case("y ~ (x + z + sex)^2"), case("y ~ (x + sex + regime)^3 - x:sex:regime"),
  case("y ~ x * sex * regime"), case("y ~ x:z:sex + x"), case("y ~ sex / x"),
  case("y ~ x / sex"), case("y ~ sex / regime"), case("y ~ (x + sex) / z"),
  case("y ~ (x + sex):regime"), case("y ~ x + z - z + sex"), case("y ~ x * z - x"),
  case("y ~ sex * regime - sex"), case("y ~ sex * regime - sex - regime"),
  case("y ~ (x + z) * (sex + flag) - x:flag"), case("y ~ x + x + (x)"),
  case("y ~ z:x + x:z"), case("y ~ sex:flag:regime + sex:flag"),
  case("y ~ factor(year)"), case("y ~ factor(year) * x"), case("y ~ 0 + factor(year):sex"),
  case("y ~ as.factor(year)"), case("y ~ factor(regime)"), case("y ~ factor(flag)"),
  case("y ~ factor(x > 0)"), case("y ~ I(x^2)"), case("y ~ x + I(x^2):sex"),
  case("y ~ I(x > 0)"), case("y ~ (x > 0)"), case("y ~ I(x > 0 & z < 100 | flag)"),
  case("y ~ I(!flag)"), case("y ~ (sex == 'male')"), case("y ~ I(sex == \"male\"):x"),
  case("y ~ I(wave %in% c(\"2017\", \"2019\"))"), case("y ~ I(is.na(x))"),
  case("y ~ I(x/z) + I(-x) + I(2*x) + I(x*100000) + I(x*0.1)"),
  case("y ~ I((x+1)*z - 3)"), case("y ~ I(x^-2) + I(-x^2) + I(2^x)"),
  case("y ~ log(pos) + log2(pos) + log10(pos) + log1p(pos) + sqrt(pos) + exp(x) + abs(x)"),
  case("y ~ I(pos^1.7) + I(pos^0.5) + I(pos^3) + I(pos^-1)"),
  case("log(pos) ~ x"), case("I(y/2 - x) ~ z"), case("sqrt(y) ~ x"),
  case("y ~ scale(x)"), case("y ~ scale(x) * sex"), case("y ~ I(scale(z)^2)"),
  case("scale(y) ~ scale(z) + x"), case("y ~ scale(log(pos))"),
  case("y ~ gmean(x)"), case("y ~ gmean(x) + I(x - gmean(x))"),
  case("y ~ gmean(x) * sex + z"), case("y ~ gmean(log(pos)) + x"),
  case("y ~ I((z - gmean(z))/10) + gmean(flag) + gmean(sex == \"male\")"),
  case("y ~ scale(gmean(x))"), case("y ~ scale(x - gmean(x)) + gmean(scale(z))"),
  case("y ~ x + offset(log(pos))"), case("y ~ offset(pos) + sex + offset(2*z)"),
  case("y ~ `my var`"), case("y ~ `my var` * sex + log(`my var` + 1)"),
  case("y ~ x + sex", "year == 2019"), case("y ~ scale(x) + regime", "z > 90"),
  case("y ~ regime", "regime != 'prison' & !is.na(x)"),
  case("y ~ gmean(x) + I(x - gmean(x))", "x < 1 | flag"),
  case("y ~ x", "wave %in% c('2017', '2022') && sat >= 'mid'"),
  case("y ~ wave", "!(wave == 2019) & -x^2 > -4"),
  case("y ~ x", "(z / 10 - 2 * 3) >= 3 | NA_is(x)"))

number <- function(v) paste(sprintf("%.17g", v), collapse = "\t")
out <- file("model_matrix.txt", "w")
for (one in cases) {
  d <- data
  if (!is.null(one$where)) {
    where <- gsub("&&", "&", gsub("NA_is", "is.na", one$where))
    d <- d[which(eval(parse(text = where), d)), ]
  }
  formula <- as.formula(one$formula)
  environment(formula) <- environment()
  gmean <- function(x) x / 2  # missing where x is; its values do not matter yet
  used <- complete.cases(model.frame(formula, d, na.action = na.pass)) & !is.na(d$school)
  gmean <- function(x) {
    x[!used] <- NA
    ave(as.numeric(x), d$school, FUN = function(v) mean(v, na.rm = TRUE))
  }
  frame <- model.frame(formula, d, subset = used, na.action = na.pass,
                       drop.unused.levels = TRUE)
  X <- model.matrix(attr(frame, "terms"), frame)
  y <- as.numeric(model.response(frame))
  if (!is.null(model.offset(frame))) y <- y - model.offset(frame)
  cat("formula\t", one$formula, " + (1 | school)\n", sep = "", file = out)
  cat("where\t", if (is.null(one$where)) "" else gsub("NA_is", "is.na", one$where), "\n",
      sep = "", file = out)
  cat("columns\t", paste(colnames(X), collapse = "\t"), "\n", sep = "", file = out)
  cat("rows\t", paste(rownames(d)[used], collapse = "\t"), "\n", sep = "", file = out)
  cat("y\t", number(y), "\n", sep = "", file = out)
  for (k in seq_len(ncol(X))) cat("x\t", number(X[, k]), "\n", sep = "", file = out)
  cat("end\n", file = out)
}
close(out)
