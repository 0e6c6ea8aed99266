# brms (rstan) on the benchmark's outcomes after several homes: a Bernoulli with multiple membership
# in homes, providers and types by `mm()`, shares of other settings, authorities crossed.
#
#   Rscript benchmarks/peers/brms_membership.R folder [draws tune chains seed]
#
# Prints one JSON line last; benchmarks/outcomes.py reads it.

arguments <- commandArgs(trailingOnly = TRUE)
number <- function(position, otherwise) {
  if (length(arguments) >= position) as.integer(arguments[position]) else otherwise
}
folder <- arguments[1]
draws <- number(2, 500L)
tune <- number(3, 500L)
chains <- number(4, 4L)
seed <- number(5, 1L)

suppressPackageStartupMessages(library(brms))

# centred; measurements over their standard deviation, as the priors are meant
standardise <- function(x) {
  if (all(x %in% 0:1)) x - mean(x) else (x - mean(x)) / sd(x)
}

rows <- read.csv(file.path(folder, "outcomes.csv"))
covariates <- paste0("x", 1:10)
rows[covariates] <- lapply(rows[covariates], standardise)
shares <- grep("^share_", names(rows), value = TRUE)

# places that are no home have the weight 0, so the weights stay as they are: no scaling to one
membership <- function(column) {
  sprintf(
    "(1 | mm(%s, weights = cbind(%s), scale = FALSE))",
    paste0(column, "_", 1:8, collapse = ", "), paste0("home_weight_", 1:8, collapse = ", ")
  )
}
group <- function(column) paste0("mm", paste0(column, "_", 1:8, collapse = ""))

formula <- as.formula(paste(
  "passed ~", paste(c(covariates, shares), collapse = " + "), "+", membership("home"), "+",
  membership("provider"), "+", membership("home_type"), "+ (1 | authority)"
))
priors <- c(
  set_prior("normal(0, 1.5)", class = "Intercept"),
  set_prior("normal(0, 0.5)", class = "b"),
  set_prior("normal(0, 0.5)", class = "sd"),
  set_prior("normal(0, 0.4)", class = "sd", group = group("home_type"))
)
fit <- brm(
  formula,
  data = rows, family = bernoulli(), prior = priors, chains = chains, iter = draws + tune,
  warmup = tune, cores = 2, seed = seed, refresh = 0, silent = 2, backend = "rstan"
)
wall <- proc.time()[["elapsed"]]

kept <- posterior::as_draws_array(fit)
names <- posterior::variables(kept)
names <- names[grepl(paste0("^(b_|sd_|r_", group("home_type"), "\\[)"), names)]
matrix_of <- function(name) posterior::extract_variable_matrix(kept, name)
size <- vapply(names, function(name) posterior::ess_bulk(matrix_of(name)), 0)
rhat <- vapply(names, function(name) posterior::rhat(matrix_of(name)), 0)
energy <- nuts_params(fit)
divergent <- sum(energy$Value[energy$Parameter == "divergent__"])
steps <- mean(energy$Value[energy$Parameter == "n_leapfrog__"])
note <- sprintf(
  "brms %s, rstan %s; %.0f steps a draw; R-hat at most %.3f",
  packageVersion("brms"), packageVersion("rstan"), steps, max(rhat)
)
cat(jsonlite::toJSON(list(
  who = "brms / rstan", chains = chains, draws = draws, tune = tune, wall_s = round(wall, 1),
  min_ess_bulk = round(min(size)), ess_per_s = signif(min(size) / wall, 3),
  divergences = divergent, worst = names[which.min(size)], rhat_max = round(max(rhat), 3),
  steps_per_draw = round(steps, 1),
  # of the slowest chain; two run side by side, and compiling comes on top
  chain_cpu_s = round(max(rowSums(rstan::get_elapsed_time(fit$fit))), 1),
  means = as.list(round(vapply(
    grep("^(b_|sd_)", names, value = TRUE), function(name) mean(matrix_of(name)), 0
  ), 3)),
  note = note
), auto_unbox = TRUE), "\n", sep = "")
