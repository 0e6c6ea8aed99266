# glmmTMB on the benchmark's person-period rows: the model of brms_moves.R by maximum likelihood
# with the Laplace approximation. It has no posterior, so no effective draws.
#
#   Rscript benchmarks/peers/glmmtmb_moves.R folder
#
# Prints one JSON line last; benchmarks/event_history.py reads it.

folder <- commandArgs(trailingOnly = TRUE)[1]
suppressPackageStartupMessages(suppressWarnings(library(glmmTMB)))

standardise <- function(x) {
  if (all(x %in% 0:1)) x - mean(x) else (x - mean(x)) / sd(x)
}

rows <- read.csv(file.path(folder, "periods.csv"))
covariates <- paste0("x", 1:10)
rows[covariates] <- lapply(rows[covariates], standardise)
rows$band <- factor(rows$band)

formula <- as.formula(paste(
  "event ~ 0 + band +", paste(covariates, collapse = " + "),
  "+ offset(log(exposure)) + (1 | child) + (1 | home) + (1 | provider)",
  "+ (1 | authority) + (1 | home_type)"
))
fit <- glmmTMB(formula, data = rows, family = poisson)
wall <- proc.time()[["elapsed"]]

sds <- vapply(VarCorr(fit)$cond, function(each) attr(each, "stddev")[[1]], 0)
note <- sprintf(
  "glmmTMB %s, maximum likelihood, no posterior; %s; SDs: %s",
  packageVersion("glmmTMB"),
  if (fit$fit$convergence == 0) "converged" else "NOT converged",
  paste(sprintf("%s %.2f", names(sds), sds), collapse = ", ")
)
cat(jsonlite::toJSON(list(
  who = "glmmTMB", chains = NA, draws = NA, wall_s = round(wall, 1), min_ess_bulk = NA,
  ess_per_s = NA, divergences = NA, worst = NA, note = note
), auto_unbox = TRUE, na = "null"), "\n", sep = "")
