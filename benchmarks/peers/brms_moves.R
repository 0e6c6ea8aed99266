# brms (rstan) on the benchmark's person-period rows: Poisson with log exposure as offset, one
# log-normal effect a child as a parameter, homes, providers, authorities and types crossed.
#
#   Rscript benchmarks/peers/brms_moves.R folder [draws tune chains seed]
#
# Prints one JSON line last; benchmarks/event_history.py reads it.

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

rows <- read.csv(file.path(folder, "periods.csv"))
covariates <- paste0("x", 1:10)
rows[covariates] <- lapply(rows[covariates], standardise)
rows$band <- factor(rows$band)

formula <- as.formula(paste(
  "event ~ 0 + band +", paste(covariates, collapse = " + "),
  "+ offset(log(exposure)) + (1 | child) + (1 | home) + (1 | provider)",
  "+ (1 | authority) + (1 | home_type)"
))
priors <- c(
  set_prior("normal(0, 0.5)", class = "b"),
  # a random walk over the bands cannot be asked for: each band has the prior of the level
  do.call(c, lapply(
    paste0("band", levels(rows$band)),
    function(name) set_prior("normal(0.5, 1)", class = "b", coef = name)
  )),
  set_prior("normal(0, 0.5)", class = "sd"),
  set_prior("normal(0, 0.4)", class = "sd", group = "home_type"),
  set_prior("normal(0, 1)", class = "sd", group = "child")
)
fit <- brm(
  formula,
  data = rows, family = poisson(), prior = priors, chains = chains, iter = draws + tune,
  warmup = tune, cores = 2, seed = seed, refresh = 0, silent = 2, backend = "rstan"
)
wall <- proc.time()[["elapsed"]]

kept <- posterior::as_draws_array(fit)
names <- posterior::variables(kept)
names <- names[grepl("^(b_|sd_|r_home_type\\[)", names)]
size <- vapply(
  names, function(name) posterior::ess_bulk(posterior::extract_variable_matrix(kept, name)), 0
)
rhat <- vapply(
  names, function(name) posterior::rhat(posterior::extract_variable_matrix(kept, name)), 0
)
energy <- nuts_params(fit)
divergent <- sum(energy$Value[energy$Parameter == "divergent__"])
note <- sprintf(
  "brms %s, rstan %s; R-hat at most %.3f",
  packageVersion("brms"), packageVersion("rstan"), max(rhat)
)
cat(jsonlite::toJSON(list(
  who = "brms / rstan", chains = chains, draws = draws, tune = tune, wall_s = round(wall, 1),
  min_ess_bulk = round(min(size)), ess_per_s = signif(min(size) / wall, 3),
  divergences = divergent, worst = names[which.min(size)], rhat_max = round(max(rhat), 3),
  # of the slowest chain; two run side by side, and compiling comes on top
  chain_cpu_s = round(max(rowSums(rstan::get_elapsed_time(fit$fit))), 1),
  note = note
), auto_unbox = TRUE), "\n", sep = "")
